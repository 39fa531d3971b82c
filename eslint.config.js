import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const TSCONFIGS = ["www/lib/tsconfig.json", "www/demo/tsconfig*.json", "tests/tsconfig.json"];

export default tseslint.config(
  {
    ignores: [
      "**/dist/",
      "**/target/",
      "www/server/recordings/",
      "tests/data/",
      "tests/packaging/app/",
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: "error", noInlineConfig: true } },
  tseslint.configs.recommended,
  {
    files: ["www/**/*.ts", "www/**/*.tsx", "tests/**/*.ts", "tests/**/*.tsx"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: TSCONFIGS } },
    rules: {
      // Objects made of closures have no `this` to lose.
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
  {
    files: ["www/**/*.ts", "www/**/*.tsx", "tests/**/*.tsx"],
    plugins: { "react-hooks": reactHooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
    },
  },
);
