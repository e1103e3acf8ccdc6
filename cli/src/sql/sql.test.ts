import { PrecompiledError, RpcError, TransactionFailedError, type RowFilter, type TableRow } from "@tsbcos/sdk";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStatement, runStatement, type Tables } from "./index.js";

const parse = (text: string): unknown => {
  const parsed = parseStatement(text);
  return parsed.ok ? parsed.value : parsed.error.message.split("\n");
};

describe("a statement", () => {
  test.each([
    [
      "create table t_demo(name varchar, item_id varchar, item_name varchar, primary key(name))",
      { type: "create", table: "t_demo", columns: ["name", "item_id", "item_name"], key: "name" },
    ],
    [
      "CREATE TABLE t (a VARCHAR(20) Primary Key, b int);",
      { type: "create", table: "t", columns: ["a", "b"], key: "a" },
    ],
    ["create table t(primary varchar, key int, primary key(key))", { columns: ["primary", "key"], key: "key" }],
    [
      "insert into t_demo (name,item_id,item_name) values (fruit,1,apple1)",
      { type: "insert", columns: ["name", "item_id", "item_name"], values: ["fruit", "1", "apple1"] },
    ],
    ["insert into t values ('a b', \"c, d\", -5, '')", { columns: undefined, values: ["a b", "c, d", "-5", ""] }],
    [
      "insert into t values ('it''s', \"say \"\"hi\"\"\", 'a\"b', 'back\\slash')",
      { values: ["it's", 'say "hi"', 'a"b', "back\\slash"] },
    ],
    [
      "insert into t values (水果, 'яблоко 🍎', 2026-11-22, a.b@c:d/e)",
      { values: ["水果", "яблоко 🍎", "2026-11-22", "a.b@c:d/e"] },
    ],
    ["insert into t values ('select', from, 'a\nb')", { values: ["select", "from", "a\nb"] }],
    ["select * from t_demo where name = fruit", { type: "select", columns: undefined, limit: undefined }],
    [
      "select name,item_id from t_demo where name = fruit and item_id > 0 limit 0,2",
      {
        columns: ["name", "item_id"],
        where: [
          { column: "name", comparison: "eq", value: "fruit" },
          { column: "item_id", comparison: "gt", value: "0" },
        ],
        limit: { offset: 0, count: 2 },
      },
    ],
    [
      "select*from t where a=1 and b!=2 and b<>3 and c>=4 and c<=5 and d<6 limit 3;",
      { limit: { offset: 0, count: 3 } },
    ],
    ["select `limit` from `from` where `where` = 1", { table: "from", columns: ["limit"] }],
    [
      "update t_demo set item_name = orange, item_id='' where name = fruit and item_id = 1",
      { type: "update", changes: { item_name: "orange", item_id: "" } },
    ],
    ["delete from t_demo where name = fruit", { type: "delete", table: "t_demo" }],
    ["desc t_demo", { type: "desc", table: "t_demo" }],
    ["  \n desc\tt_demo ; ", { type: "desc", table: "t_demo" }],
  ])("%s", (text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  test("with every comparison keeps them in order", () => {
    const parsed = parseStatement("delete from t where a=1 and b!=2 and b<>3 and c>4 and c>=5 and c<6 and c<=7");
    const comparisons =
      parsed.ok && parsed.value.type === "delete" ? parsed.value.where.map((term) => term.comparison) : [];
    expect(comparisons).toEqual(["eq", "ne", "ne", "gt", "ge", "lt", "le"]);
  });

  test.each([
    ["", 1, "expected create, insert, select, update, delete or desc, found the end"],
    ["drop table t", 1, 'found "drop"'],
    ["create t(a varchar, primary key(a))", 8, "expected table"],
    ["create table t(a varchar)", 26, "a table needs a primary key"],
    ["create table t(a varchar, b varchar, primary key(c))", 38, "the primary key c is no column"],
    ["create table t(a varchar, b varchar, primary key(a), primary key(b))", 54, "one primary key"],
    ["create table t(a, primary key(a))", 17, "expected the type of the column"],
    ["create table t(a varchar primary key", 37, "expected ), found the end"],
    ["insert t values (1)", 8, "expected into"],
    ["insert into t (a,b) values (1)", 28, "2 columns want as many values, not 1"],
    ["insert into t (a,a) values (1,2)", 18, "the column a is named twice"],
    ["insert into t values (1,)", 25, "expected a value"],
    ["insert into t values 1", 22, "expected ("],
    ["select * fro t where a = 1", 10, 'expected from, found "fro"'],
    ["select from t where a = 1", 13, "expected from"],
    ["select * from t", 16, "expected where"],
    ["select * from t where a = 1 or b = 2", 29, "not by or"],
    ["select * from t where a like b", 25, "expected =, !=, >"],
    ["select * from t where a = ", 27, "expected a value"],
    ["select * from t where a = 1 limit -1", 35, "expected a whole number"],
    ["select * from t where a = 1 limit 1,2,3", 38, "expected the end of the statement"],
    ["select * from t where a = 1 limit 4294967296", 35, "expected a whole number"],
    ["update t set a = 1, a = 2 where b = 1", 21, "set twice"],
    ["delete from t where name = 'fruit", 28, "the quote ' is not closed"],
    ["delete from t where name ! fruit", 26, "! means nothing here"],
    ["desc t; desc u", 9, "expected the end of the statement"],
    ["desc 't'", 6, "expected the name of a table"],
  ])("%s is refused at %i: %s", (text, position, reason) => {
    const [fixed, line, caret, sentence] = parse(text) as string[];
    expect(fixed).toBe("Could not parse SQL statement.");
    expect(line).toBe(text);
    expect(caret).toBe(`${" ".repeat(position - 1)}^`);
    expect(sentence).toContain(`Position ${position}: `);
    expect(sentence).toContain(reason);
  });

  test("that is long is shown around its fault, without what would move the caret", () => {
    const [, line, caret] = parse(`desc ${"t".repeat(5000)}\n\u001b[2J x ${"y".repeat(5000)}`) as string[];
    expect(line?.length).toBeLessThan(130);
    expect(line).not.toMatch(/\p{C}/u);
    expect(line?.[caret?.indexOf("^") ?? -1]).not.toBe(" ");
  });

  test("of any text is a result, within linear time", { timeout: 120_000 }, () => {
    const word = fc.constantFrom(
      ..."create table insert into values select from where and or limit update set delete desc primary key".split(" "),
      ..."( ) , ; = != > >= < <= * ' \" ` '' ! \\ \u0000 \n 🍎 a 1 -1 __proto__ constructor".split(" "),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(word).map((words) => words.join(" ")),
          fc.array(word).map((words) => words.join("")),
        ),
        (text) => {
          const parsed = parseStatement(text);
          if (!parsed.ok) expect(parsed.error.message).toMatch(/^Could not parse SQL statement\.\n/);
        },
      ),
      { numRuns: 1000 },
    );
    const long = `insert into t values ('${"x''".repeat(300_000)}')`;
    expect(parseStatement(long)).toMatchObject({ ok: true });
    expect(parseStatement("(".repeat(300_000))).toMatchObject({ ok: false });
    expect(parseStatement("'".repeat(300_001))).toMatchObject({ ok: false });
  });

  test("gives back whatever was quoted into it", () => {
    const quoted = (value: string, quote: string): string => quote + value.replaceAll(quote, quote + quote) + quote;
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom("'", '"'), (value, quote) => {
        expect(parse(`insert into t values (${quoted(value, quote)}, x)`)).toMatchObject({ values: [value, "x"] });
      }),
    );
  });
});

/** Tables of a chain that notes what it is asked. */
function fakeTables(answers: Partial<Tables> = {}): { readonly tables: Tables; readonly calls: unknown[][] } {
  const calls: unknown[][] = [];
  const note =
    (name: string, code: number) =>
    (...values: unknown[]): Promise<never> => {
      calls.push([name, ...values]);
      return Promise.resolve({ code } as never);
    };
  const tables: Tables = {
    create: note("create", 0),
    describe: (name: string) => Promise.resolve({ name, key: "name", fields: ["item_id", "item_name", "limit"] }),
    insert: note("insert", 1),
    select: (...values: [string, string, RowFilter?]): Promise<readonly TableRow[]> => {
      calls.push(["select", ...values]);
      return Promise.resolve([
        { item_id: "1", item_name: "apple1", limit: "", name: "fruit" },
        { item_id: "2", item_name: "apple2", limit: "x", name: "fruit" },
      ]);
    },
    update: note("update", 3),
    remove: note("remove", 2),
    ...answers,
  };
  return { tables, calls };
}

const printed = async (text: string, answers: Partial<Tables> = {}): Promise<string> => {
  const ran = await runStatement(fakeTables(answers).tables, text);
  return ran.ok ? ran.value.text : `${ran.error.code}: ${ran.error.message}`;
};

describe("running a statement", () => {
  test("prints what consoles print", async () => {
    expect(await printed("create table t_demo(name varchar, item_id varchar, primary key(name))")).toBe(
      "Create 't_demo' Ok.",
    );
    expect(await printed("insert into t (name, item_id) values (fruit, 1)")).toBe("Insert OK:\n1 row affected.");
    expect(await printed("select * from t where name = fruit")).toBe(
      "{name=fruit, item_id=1, item_name=apple1, limit=}\n{name=fruit, item_id=2, item_name=apple2, limit=x}\n2 rows in set.",
    );
    expect(
      await printed("select item_name,name from t where name = fruit", {
        select: () => Promise.resolve([{ name: "a", item_name: "b" }]),
      }),
    ).toBe("{item_name=b, name=a}\n1 row in set.");
    expect(await printed("select * from t where name = fruit", { select: () => Promise.resolve([]) })).toBe(
      "Empty set.",
    );
    expect(await printed("update t set item_id = 2 where name = fruit")).toBe("3 row affected.");
    expect(await printed("delete from t where name = fruit")).toBe("Remove OK, 2 row affected.");
    expect(await printed("desc t")).toBe('{"key":["name"],"valueFields":["item_id,item_name,limit"]}');
  });

  test("asks the chain for what is meant", async () => {
    const { tables, calls } = fakeTables();
    await runStatement(tables, "create table t(a varchar, k varchar, b varchar, primary key(k))");
    await runStatement(tables, "insert into t values (fruit, 1, apple, 'no')");
    await runStatement(tables, "insert into t (item_id, name) values (1, fruit)");
    await runStatement(
      tables,
      "select * from t where item_id > 0 and name = fruit and name != x and item_id <= 5 and `limit` = 7 limit 1,2",
    );
    await runStatement(tables, "update t set item_id = 2 where name = fruit and item_name = 'a''b'");
    await runStatement(tables, "delete from t where name = fruit");
    expect(calls).toEqual([
      ["create", { name: "t", key: "k", fields: ["a", "b"] }],
      ["insert", "t", "fruit", { item_id: "1", item_name: "apple", limit: "no" }],
      ["insert", "t", "fruit", { item_id: "1" }],
      [
        "select",
        "t",
        "fruit",
        {
          where: { item_id: { gt: "0", le: "5" }, name: { ne: "x" }, limit: { eq: "7" } },
          limit: { offset: 1, count: 2 },
        },
      ],
      ["update", "t", "fruit", { item_id: "2" }, { where: { item_name: { eq: "a'b" } } }],
      ["remove", "t", "fruit", { where: {} }],
    ]);
  });

  test.each([
    ["insert into t values (fruit, 1)", "4 columns"],
    ["insert into t (item_id) values (1)", "primary key name"],
    ["insert into t (name, nothing) values (1, 2)", "no column nothing"],
    ["select nothing from t where name = a", "no column nothing"],
    ["select * from t where nothing = a and name = b", "no column nothing"],
    ["select * from t where item_id = 1", "name = ..."],
    ["select * from t where name > 1", "name = ..."],
    ["select * from t where name = a and name = b", "name = ..."],
    ["select * from t where name = a and item_id > apple", "whole numbers"],
    ["select * from t where name = a and item_id != 1 and item_id != 2", "compared twice"],
    ["update t set name = x where name = a", "cannot be changed"],
    ["update t set nothing = x where name = a", "no column nothing"],
    ["create table t(name varchar, primary key(name))", "besides its primary key"],
    ["create table t(k varchar, `a,b` varchar, primary key(k))", "no comma"],
  ])("%s breaks a rule, and nothing is sent", async (text, reason) => {
    const { tables, calls } = fakeTables();
    const ran = await runStatement(tables, text);
    expect(ran).toMatchObject({ error: { code: "bad-statement", message: expect.stringContaining(reason) as string } });
    expect(calls).toEqual([]);
  });

  test.each([
    [`create table ${"t".repeat(49)}(k varchar, a varchar, primary key(k))`, -50002],
    [`create table t(k varchar, ${"钱".repeat(22)} varchar, primary key(k))`, -50003],
    [
      `create table t(k varchar, ${Array.from({ length: 17 }, (_, index) => `${"f".repeat(62)}${index} varchar`).join(", ")}, primary key(k))`,
      -50004,
    ],
    ["create table t(k varchar, a varchar, a varchar, primary key(k))", -50007],
    [`insert into t values (${"k".repeat(256)}, 1, 2, 3)`, -50005],
    [`insert into t values (k, ${"v".repeat(16 * 1024 * 1024)}, 2, 3)`, -50006],
    [`update t set item_id = ${"v".repeat(16 * 1024 * 1024)} where name = k`, -50006],
  ])("a text that is too long is refused with the chain's code (%#)", async (text, code) => {
    const { tables, calls } = fakeTables();
    const ran = await runStatement(tables, text);
    expect(ran).toMatchObject({
      error: {
        code: "failed",
        message: expect.stringMatching(new RegExp(`^call \\w+ failed!\n\\* code: ${code}\n`)) as string,
      },
    });
    expect(calls).toEqual([]);
  });

  test("texts at the bounds are sent", async () => {
    const { tables, calls } = fakeTables();
    const key = "k".repeat(255);
    const value = "v".repeat(16 * 1024 * 1024 - 1);
    expect(await runStatement(tables, `insert into t values (${key}, ${value}, 2, 3)`)).toMatchObject({ ok: true });
    expect(calls).toMatchObject([["insert", "t", key, { item_id: value }]]);
  });

  test("says why the chain refused, in fixed words", async () => {
    const fails = (error: Error): Partial<Tables> => ({ insert: () => Promise.reject(error) });
    const text = "insert into t values (a, 1, 2, 3)";
    const denied = new PrecompiledError({ returnCode: -50000, text: "x", receipt: undefined });
    expect(await printed(text, fails(denied))).toBe(
      "failed: call insert failed!\n* code: -50000\n* message: Permission denied",
    );
    const reverted = new TransactionFailedError({ status: 22, reason: "no luck", receipt: undefined });
    expect(await printed(text, fails(reverted))).toContain("* code: 22\n* message: no luck");
    const refused = new RpcError({ method: "m", rpcCode: -40001, rpcMessage: "GroupID does not exist", endpoint: "e" });
    expect(await printed(text, fails(refused))).toContain("* code: -40001\n* message: GroupID does not exist");
    expect(await printed(text, fails(new Error("what?")))).toContain("* code: unexpected\n* message: what?");
    const none = { describe: () => Promise.resolve(undefined) };
    for (const statement of [text, "select * from t where name = a", "desc t"]) {
      expect(await printed(statement, none)).toMatch(/failed!\n\* code: -50100\n\* message: Open table failed/);
    }
  });

  test("of any text ends in a result", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (column, value) => {
        const ran = await runStatement(
          fakeTables().tables,
          `insert into t (\`${column}\`, name) values ('${value}', 1)`,
        );
        if (!ran.ok) expect(ran.error.message).not.toContain("unexpected");
      }),
    );
  });
});
