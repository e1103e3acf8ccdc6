import jsdoc from "eslint-plugin-jsdoc";
import tseslint from "typescript-eslint";

/** What the core may never use: it would no longer give the same outputs for the same inputs. */
const impure = [
  "Date",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "process",
  "console",
  "fetch",
  "performance",
  "crypto",
  "Buffer",
  "Promise",
];

export default tseslint.config(
  { ignores: ["**/dist/**", "**/node_modules/**", "testing/vectors/**", "chain/**"] },
  ...tseslint.configs.strict,
  {
    files: ["**/*.ts"],
    plugins: { jsdoc },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-invalid-void-type": "off",
      "@typescript-eslint/unified-signatures": "off",
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "max-lines": ["error", { max: 500 }],
      "max-lines-per-function": ["error", { max: 70, skipComments: true, skipBlankLines: true }],
      "jsdoc/require-jsdoc": [
        "error",
        {
          publicOnly: true,
          require: {
            FunctionDeclaration: true,
            ClassDeclaration: true,
            MethodDefinition: false,
            ArrowFunctionExpression: true,
          },
          contexts: [
            "TSInterfaceDeclaration",
            "TSTypeAliasDeclaration",
            "ExportNamedDeclaration > VariableDeclaration",
          ],
        },
      ],
    },
  },
  {
    files: ["**/*.test.ts", "**/*.bench.ts", "**/*.e2e.ts"],
    rules: {
      "max-lines-per-function": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "jsdoc/require-jsdoc": "off",
    },
  },
  {
    files: ["core/src/**/*.ts"],
    ignores: ["**/*.test.ts", "**/globals.d.ts"],
    rules: {
      "no-restricted-globals": ["error", ...impure],
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["node:*"], message: "The core is pure: no node modules." }] },
      ],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Randomness is a seeded generator handed in." },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: ":function[async=true]", message: "The core is synchronous." },
        { selector: "AwaitExpression", message: "The core is synchronous." },
      ],
    },
  },
);
