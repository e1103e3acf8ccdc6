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
  const tokens = [...source.matchAll(TOKEN)].filter(([token]) => !/^(?:\/\/|\/\*)/.test(token));
  const ranges: string[] = [];
  const imports: ImportDirective[] = [];
  let depth = 0;
  let isStart = true;
  for (let at = 0; at < tokens.length; at++) {
    const [token = "", index] = [tokens[at]?.[0], tokens[at]?.index];
    if (/^\s/.test(token)) continue;
    if (isStart && depth === 0 && (token === "pragma" || token === "import")) {
      const words: string[] = [];
      for (at++; at < tokens.length && tokens[at]?.[0] !== ";"; at++) words.push(tokens[at]?.[0] ?? "");
      const text = words.find((word) => /^["']/.test(word));
      const range = /^\s*solidity\b(.*)$/s.exec(words.join(""))?.[1];
      if (token === "pragma" && range !== undefined) ranges.push(range.replace(/["'\s]+/g, " ").trim());
      if (token === "import" && text !== undefined) {
        imports.push({ path: text.slice(1, -1), line: source.slice(0, index).split("\n").length });
      }
      continue;
    }
    if (token === "{") depth++;
    if (token === "}") depth = Math.max(0, depth - 1);
    isStart = token === ";" || token === "}";
  }
  return { ranges, imports };
}
