import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const built = (path: string) => fileURLToPath(new URL(`dist/${path}`, import.meta.url));

const library = {
  test: {
    name: "library",
    environment: "node",
    include: ["www/lib/**/*.test.ts"],
  },
};

const browser = {
  plugins: [react()],
  // The package as it is published, under the name that applications use.
  resolve: {
    alias: {
      "oh-event-store/react": built("react/index.js"),
      "oh-event-store": built("index.js"),
    },
  },
  // All at once at the start: found one by one, they would come with two copies of React.
  optimizeDeps: {
    include: ["@testing-library/react", "react", "react-dom", "react/jsx-dev-runtime"],
  },
  test: {
    name: "package",
    include: ["tests/{facade,react}/**/*.test.{ts,tsx}"],
    globalSetup: "tests/react/server.ts",
    testTimeout: 20_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: process.env.OH_CHROMIUM ?? "/usr/bin/chromium",
          args: ["--disable-dev-shm-usage"],
        },
      }),
      instances: [{ browser: "chromium" as const }],
    },
  },
};

export default defineConfig({ test: { projects: [library, browser] } });
