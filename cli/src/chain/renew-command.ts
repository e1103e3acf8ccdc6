/** The words `tsbcos chain renew`: certificates that end are signed anew, and what reads them when is told. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { parseDays } from "./plan.js";
import { renew, type Renewal } from "./renew.js";
import { say, shorten } from "./speaking.js";

const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text];

const EXAMPLES = `
Keys, names and node ids stay, and the old files are kept beside the new ones. Folders with the keys of agencies and of the
CA are found where \`chain build\` made them (cert/ and gmcert/ in the folder of the chain); on another machine name them.

  tsbcos chain renew nodes/127.0.0.1/node0                       all certificates of a node
  tsbcos chain renew nodes/127.0.0.1/sdk                         those of an SDK
  tsbcos chain renew nodes/cert/agency                           those of an agency; then those that it signed
  tsbcos chain renew nodes/cert                                  the CA of the chain; then its agencies, nodes and SDKs
  tsbcos chain renew node.crt -c nodes/cert/agency -X 365        a single file that came from another machine`;

/** Adds `renew`. */
export function addRenewCommand(chain: Command): void {
  chain
    .command("renew")
    .description("sign the certificates of nodes, SDKs or agencies anew, for the keys that they have")
    .argument("<paths...>", "folders of nodes, SDKs, agencies or the CA, or single certificates")
    .option("-c, --ca <folder>", "folder with the key that signs, such as nodes/cert/agency; may be repeated", collect)
    .option("-X, --days <number>", "validity of the new certificates in days", "36500")
    .addHelpText("after", EXAMPLES)
    .action((paths: readonly string[], words: { ca?: readonly string[]; days: string }) => {
      const days = parseDays(words.days);
      const renewals: Renewal[] = [];
      try {
        for (const path of paths) {
          const renewal = renew({ path, authorityFolders: words.ca ?? [], days });
          renewals.push(renewal);
          tell(renewal);
        }
      } finally {
        // Also when a later one fails: what was renewed is renewed.
        if (renewals.length > 0) say("Next:");
        for (const line of nextSteps(renewals)) say(`  ${line}`);
      }
    });
}

function tell({ path, files, notes }: Renewal): void {
  say(`Renewed in ${shorten(path)}, the old files kept as *.old beside them:`);
  const names = files.map(({ file }) => shorten(file));
  const width = Math.max(...names.map((name) => name.length));
  for (const [index, { until, backup }] of files.entries()) {
    const end = until.toISOString().slice(0, 10);
    say(`  ${(names[index] ?? "").padEnd(width)}  until ${end}   (before: ${basename(backup)})`);
  }
  for (const note of notes) say(`[WARN] ${note}`);
}

/** What reads the new files, and when; one paragraph for each kind of holder that was renewed. */
function nextSteps(renewals: readonly Renewal[]): readonly string[] {
  const of = (kind: Renewal["kind"]): readonly string[] =>
    renewals.filter((renewal) => renewal.kind === kind).map(({ path }) => shorten(path));
  const [nodes, sdks, authorities, files] = [of("node"), of("sdk"), of("authority"), of("certificate")];
  return [
    ...authorities.flatMap((path) => [
      `${path}: nothing needs to be restarted for it. Renew next whatever it has signed, which holds the old one:`,
      "  its agencies first, if it is the CA of the chain, then nodes and SDKs (tsbcos chain renew <folder>).",
    ]),
    ...(nodes.length === 0
      ? []
      : [
          "A node reads its certificates when it starts: restart each of these, one after the other, so that enough are left",
          "for blocks. Wait after each until the doctor finds nothing wrong. Other nodes need no change and no restart.",
          ...nodes.flatMap((path) => [`  ${restartOf(path)}`, `  tsbcos doctor ${path}`]),
        ]),
    ...(sdks.length === 0
      ? []
      : [`Copy ${sdks.join(", ")} to the programs that use it, and let these connect again. No node needs a restart.`]),
    ...(files.length === 0
      ? []
      : [`Put ${files.join(", ")} back where it came from, and restart the node or the program that reads it there.`]),
  ];
}

function restartOf(folder: string): string {
  if (!existsSync(join(folder, "stop.sh"))) return `restart the node of ${folder}`;
  return `bash ${join(folder, "stop.sh")} && bash ${join(folder, "start.sh")}`;
}
