import { defineConfig, devices, type Project } from "@playwright/test";

const installedFirefox = process.env["OH_FIREFOX"];

/** A Firefox as distributions have it: driven over WebDriver BiDi, which this channel stands for. */
function firefox(executablePath: string): Project {
  const use = { ...devices["Desktop Firefox"], channel: "moz-firefox" };
  return {
    name: "firefox",
    use: { ...use, launchOptions: { executablePath } },
  };
}

/** The whole product in a real browser: built package, real server, recorded conversations. */
export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "target/playwright",
  workers: 2,
  forbidOnly: true,
  // A test that needs its second try is listed as flaky in the summary.
  retries: process.env["CI"] ? 1 : 0,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    actionTimeout: 20_000,
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
  },
  projects: [
    {
      name: "chromium",
      use: {
        ...devices["Desktop Chrome"],
        launchOptions: {
          executablePath: process.env["OH_CHROMIUM"] ?? "/usr/bin/chromium",
          args: ["--disable-dev-shm-usage"],
        },
      },
    },
    ...(installedFirefox === undefined ? [] : [firefox(installedFirefox)]),
  ],
});
