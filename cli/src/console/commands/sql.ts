/** Tables by statements like SQL. */
import { CodedError } from "@tsbcos/core/primitives";
import { runStatement } from "../../sql/index.js";
import type { Command, Outcome } from "../command.js";
import { textAnswer } from "../answers.js";
import { UsageError } from "../failures.js";
import type { Session } from "../session.js";

const family = "tables (SQL)";
const statement = { name: "statement", kind: "statement" } as const;

async function run(session: Session, text: string): Promise<Outcome> {
  const ran = await runStatement(session.client.tables, text);
  // What cannot be read was never sent: the same to a script as a command that there is not.
  if (!ran.ok && ran.error.code === "unparsable") throw new UsageError(ran.error.message, ran.error.code);
  if (!ran.ok) throw new CodedError(ran.error.code, ran.error.message);
  return textAnswer(ran.value.value, ran.value.text);
}

/** A command whose whole line is the statement. */
function sql(name: string, about: string, ...examples: readonly string[]): Command {
  return {
    name,
    family,
    about,
    arguments: [statement],
    examples,
    statement: true,
    run: (session, [text = ""]) => run(session, text),
  };
}

/** Commands on tables. */
export const SQL_COMMANDS: readonly Command[] = [
  sql(
    "create",
    "Make a table; all its columns are texts",
    "create table t_demo(name varchar, item_id varchar, item_name varchar, primary key(name))",
  ),
  sql(
    "insert",
    "Add a row",
    "insert into t_demo (name,item_id,item_name) values (fruit,1,apple1)",
    "insert into t_demo values (fruit,2,apple2)",
  ),
  sql(
    "select",
    "Show rows of a primary key",
    "select * from t_demo where name = fruit",
    "select name,item_id from t_demo where name = fruit and item_id > 0 limit 0,2",
  ),
  sql(
    "update",
    "Change rows of a primary key",
    "update t_demo set item_name = orange where name = fruit and item_id = 1",
  ),
  sql("delete", "Remove rows of a primary key", "delete from t_demo where name = fruit"),
  {
    name: "desc",
    family,
    about: "Show what a table is made of",
    arguments: [{ name: "tableName", kind: "table" }],
    examples: ["desc t_demo"],
    run: (session, [table = ""]) => run(session, `desc ${table}`),
  },
];
