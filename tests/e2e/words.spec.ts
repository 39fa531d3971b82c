// Words are found as people read them, in one conversation and in all, and marked where they stand.
import { connect, enter, expectCount, openDemo, openView } from "./support/demo.js";
import { expect, test } from "./support/fixtures.js";
import { events } from "./support/recording.js";

test("in a conversation: any case, marked where they are", async ({ page, demo }) => {
  await demo.hub.create("words");
  await openDemo(page, demo, "words");
  await connect(page, "websocket");
  await expectCount(page, events.length);
  await openView(page, "search");
  await expect(page.getByTestId("by-text")).toHaveAttribute("aria-pressed", "true");

  const field = page.getByTestId("filter-text");
  await enter(field, "UNITTEST");
  const count = page.getByTestId("search-count");
  await expect(count).toHaveAttribute("data-done", "true");
  await expect(count).not.toHaveAttribute("data-count", String(events.length));
  await expect(count).not.toHaveAttribute("data-count", "0");
  const results = page.getByTestId("search-results");
  for (const mark of await results.locator("mark").all()) {
    expect((await mark.textContent())?.toLowerCase()).toBe("unittest");
  }
  for (const row of await results.getByTestId("event").all()) {
    await expect(row.locator("mark").filter({ visible: true }).first()).toBeVisible();
  }

  // A key is a word for the server only.
  await enter(field, "security_risk");
  await expect(count).toHaveAttribute("data-count", "0");
  await page.getByTestId("by-query").click();
  await expect(page.getByTestId("filter-query")).toHaveValue("security_risk");
  await expect(count).not.toHaveAttribute("data-count", "0");
});

test("in all conversations: by time, with the way to each", async ({ page, demo }) => {
  for (const id of ["one", "two"]) {
    await demo.hub.create(id);
    await openDemo(page, demo, id);
    await connect(page, "websocket");
    await expectCount(page, events.length);
  }
  await page.getByTestId("search-all").click();
  const field = page.getByTestId("filter-text");
  await enter(field, "unittest");
  const results = page.getByTestId("search-results");
  const places = results.getByTestId("event-conversation");
  await expect(places.first()).toHaveText(/^(one|two)$/);
  await expect(results.locator("mark").first()).toHaveText(/unittest/i);

  const first = await places.first().textContent();
  await page.getByTestId("oldest-first").click();
  await expect(page.getByTestId("oldest-first")).toHaveAttribute("aria-pressed", "true");
  await expect(places.first()).not.toHaveText(first ?? "");

  await page.reload();
  await expect(page.getByTestId("filter-text")).toHaveValue("unittest");
  await places.first().click();
  await expectCount(page, events.length);
});
