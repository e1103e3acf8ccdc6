/** The few words of a Solidity file that decide how it is compiled: its pragmas and its imports. */

/** An import as it is written. */
export interface ImportDirective {
  readonly path: string;
  /** Line of the directive, from 1. */
  readonly line: number;
}

/** What a file asks for. */
export interface Scan {
  /** Version ranges, such as `^0.6.10`. */
  readonly ranges: readonly string[];
  readonly imports: readonly ImportDirective[];
}

/** What can stand in a file, as far as it matters here; a character that begins nothing else stands for itself. */
const TOKEN =
  /\s+|\/\/[^\n\r]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|[A-Za-z_$][\w$]*|[\s\S]/gy;

/** Reads a file. Whatever is no Solidity is passed over: the compiler will complain in better words. */
export function scan(source: string): Scan {
  const ranges: string[] = [];
  const imports: ImportDirective[] = [];
  let depth = 0;
  let isStart = true;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(source); match !== null; match = TOKEN.exec(source)) {
    const [token] = match;
    if (/^(?:\s|\/\/|\/\*)/.test(token)) continue;
    if (isStart && depth === 0 && (token === "pragma" || token === "import")) {
      const words = statement(source);
      const text = words.find((word) => /^["']/.test(word));
      if (token === "pragma" && words[0] === "solidity")
        ranges.push(words.slice(1).join("").replace(/["']/g, " ").trim());
      if (token === "import" && text !== undefined) {
        imports.push({ path: text.slice(1, -1), line: source.slice(0, match.index).split("\n").length });
      }
      continue;
    }
    if (token === "{") depth++;
    if (token === "}") depth = Math.max(0, depth - 1);
    isStart = token === ";" || token === "}";
  }
  return { ranges, imports };
}

/** The words up to the next semicolon, blanks between them kept as one. */
function statement(source: string): string[] {
  const words: string[] = [];
  for (let match = TOKEN.exec(source); match !== null && match[0] !== ";"; match = TOKEN.exec(source)) {
    if (/^\s/.test(match[0])) {
      if (words.length > 0) words.push(" ");
    } else if (!/^\/[/*]/.test(match[0])) {
      words.push(match[0]);
    }
  }
  return words;
}
