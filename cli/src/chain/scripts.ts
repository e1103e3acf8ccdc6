/**
 * Shell scripts beside the nodes, for people and tools that know those of FISCO BCOS 2.x: the same names, the same
 * words, written anew. They need bash and what comes with it, monitor.sh also curl.
 */
import { NODE_ENGINE_OPTIONS } from "../processes/index.js";
import { below, scriptFile, type TextFile } from "./text-files.js";

/** Name of the program that is one node, as scripts of 2.x call it. */
export const PROGRAM = "fisco-bcos";

/** Seconds that start.sh waits for the word "running". */
const START_PATIENCE_S = 60;
/** Seconds that stop.sh waits for the end of the process; a node gives itself 12. */
const STOP_PATIENCE_S = 15;

/**
 * The launcher: starts one node, whatever folder it is called from.
 *
 * The process gets the launcher's path as its first word, by which scripts find it among all processes.
 *
 * @param nodeProgram absolute path of the node's JavaScript entry on this machine
 * @param nodeBinary absolute path of the JavaScript engine on this machine
 */
export function launcherScript(nodeProgram: string, nodeBinary: string): string {
  const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  return `#!/usr/bin/env bash
# One node: ${PROGRAM} -c config.ini
engine=${quote(nodeBinary)}
program=${quote(nodeProgram)}
[ -x "$engine" ] || engine=node
if [ -f "$program" ]; then exec -a "$0" "$engine" ${NODE_ENGINE_OPTIONS.join(" ")} "$program" "$@"; fi
# This folder was carried to another machine: the command must be installed here.
if command=$(command -v tsbcos); then exec -a "$0" "$engine" "$command" node "$@"; fi
echo "There is no $program on this machine, and no command tsbcos. Install it: npm install -g tsbcos" >&2
exit 1
`;
}

/**
 * Scripts of one node's folder.
 *
 * @param program path of the launcher from that folder
 */
export function nodeScripts(program: string): TextFile[] {
  return [
    scriptFile("start.sh", startScript(program)),
    scriptFile("stop.sh", stopScript(program)),
    ...below("scripts", [
      scriptFile("load_new_groups.sh", loadNewGroupsScript(program)),
      scriptFile("reload_whitelist.sh", reloadWhitelistScript(program)),
      scriptFile("reload_sdk_allowlist.sh", reloadSdkAllowlistScript(program)),
      scriptFile("monitor.sh", monitorScript()),
    ]),
  ];
}

/** Scripts of the folder of one machine. */
export function hostScripts(): TextFile[] {
  return [
    scriptFile("start_all.sh", allScript("start.sh", "start")),
    scriptFile("stop_all.sh", allScript("stop.sh", "stop")),
  ];
}

/** Goes to the node's folder and can tell whether the node runs. A number alone may belong to another program by now. */
function preamble(program: string, folder: string): string {
  return `#!/usr/bin/env bash
cd "$(dirname "\${BASH_SOURCE[0]}")${folder}" || exit 1
node=$(basename "$PWD")
program="$PWD/${program}"
running_pid() {
  local pid words
  pid=$(cat node.pid 2>/dev/null) && kill -0 "$pid" 2>/dev/null || return 1
  words=$(tr '\\0' ' ' 2>/dev/null < "/proc/$pid/cmdline" || ps -o args= -p "$pid")
  [[ $words == *"$program"* ]] && echo "$pid"
}
`;
}

function startScript(program: string): string {
  return `${preamble(program, "")}if pid=$(running_pid); then
  echo " $node is running, pid is $pid."
  exit 0
fi
: > nohup.out
nohup "$program" -c config.ini >> nohup.out 2>&1 < /dev/null &
pid=$!
echo "$pid" > node.pid
for _ in $(seq ${START_PATIENCE_S * 5}); do
  sleep 0.2
  if tail -n 20 nohup.out | grep -q running; then
    echo " $node start successfully"
    exit 0
  fi
  kill -0 "$pid" 2>/dev/null || break
done
if kill -0 "$pid" 2>/dev/null; then
  echo " Exceed waiting time: $node (pid $pid) is not running after ${START_PATIENCE_S} seconds. Its last words:"
else
  rm -f node.pid
  echo " $node did not start. Its last words:"
fi
tail -n 20 nohup.out
exit 1
`;
}

function stopScript(program: string): string {
  return `${preamble(program, "")}if ! pid=$(running_pid); then
  echo " $node isn't running."
  exit 0
fi
kill "$pid"
for _ in $(seq ${STOP_PATIENCE_S * 5}); do
  sleep 0.2
  if ! kill -0 "$pid" 2>/dev/null; then
    rm -f node.pid
    echo " stop $node success."
    exit 0
  fi
done
echo " Exceed waiting time: $node (pid $pid) does not stop. See its log folder."
exit 1
`;
}

function allScript(script: string, verb: string): string {
  return `#!/usr/bin/env bash
cd "$(dirname "\${BASH_SOURCE[0]}")" || exit 1
jobs=()
for config in */config.ini; do
  folder=$(dirname "$config")
  [ -f "$folder/${script}" ] || continue
  echo "try to ${verb} $folder"
  bash "$folder/${script}" &
  jobs+=($!)
done
failed=0
for job in "\${jobs[@]}"; do wait "$job" || failed=1; done
exit $failed
`;
}

/**
 * Leaves a signal file for the node. One that was not started by start.sh cannot be seen from here; a file that nobody
 * takes does no harm, as the node reads everything at its next start anyway.
 */
function signal(file: string, doing: string): string {
  return `if running_pid > /dev/null; then
  echo "$node is trying to ${doing}. Check log for more information."
else
  echo "$node is not running, unless it was started otherwise than by start.sh; it will ${doing} when it sees this."
fi
touch ${file}
`;
}

function loadNewGroupsScript(program: string): string {
  return `${preamble(program, "/..")}# The node starts every group whose group.N.genesis it has not loaded yet.
${signal("config.ini.append_group", "load new groups")}`;
}

function reloadWhitelistScript(program: string): string {
  return `${preamble(program, "/..")}# A list with a broken line would be refused as a whole, so it is looked at first.
lines=$(grep -E '^[[:space:]]*cal\\.' config.ini)
broken=$(grep -vE '^[[:space:]]*cal\\.[0-9]+[[:space:]]*=[[:space:]]*[0-9A-Fa-f]{128}[[:space:]]*$' <<< "$lines" | grep -v '^$')
if [ -n "$broken" ]; then
  echo "[certificate_whitelist] is not reloaded, these lines are not cal.<number>=<node id of 128 hexadecimal digits>:"
  echo "$broken"
  exit 1
fi
repeated=$(sed 's/=.*//; s/[[:space:]]//g' <<< "$lines" | sort | uniq -d)
if [ -n "$repeated" ]; then
  echo "[certificate_whitelist] is not reloaded, it has duplicate keys:"
  echo "$repeated"
  exit 1
fi
${signal("config.ini.reset_certificate_whitelist", "reset certificate whitelist")}`;
}

function reloadSdkAllowlistScript(program: string): string {
  return preamble(program, "/..") + signal("config.ini.reset_allowlist", "reload sdk allowlist");
}

function monitorScript(): string {
  return `#!/usr/bin/env bash
# Looks after the nodes of one machine; meant for cron:
#   * * * * * bash monitor.sh -d /data/nodes/127.0.0.1 >> monitor.log 2>&1
# A node that does not run is started. A group whose block number and view are both what they were at the last look
# does not work.
folder="$(dirname "\${BASH_SOURCE[0]}")/../.."
while getopts "d:h" option; do
  case $option in
    d) folder=$OPTARG ;;
    *) echo "Usage: monitor.sh [-d <folder that holds the node folders>]"; exit 0 ;;
  esac
done
cd "$folder" || exit 1

say() { echo "[$(date '+%Y-%m-%d %H:%M:%S')] $1"; }

# Result of a method that takes a group and answers with a text; the node's own words where it refuses.
ask() {
  local answer
  answer=$(curl -s -m 10 -X POST -d "{\\"jsonrpc\\":\\"2.0\\",\\"method\\":\\"$2\\",\\"params\\":[$3],\\"id\\":67}" "$1")
  sed -n 's/.*"result":"\\([^"]*\\)".*/\\1/p; s/.*"error":.*"message":"\\([^"]*\\)".*/refused: \\1/p' <<< "$answer"
}

check_group() {
  local node=$1 address=$2 group=$3 height view
  height=$(ask "http://$address" getBlockNumber "$group")
  view=$(ask "http://$address" getPbftView "$group")
  if [[ $height == refused:* ]]; then
    say " ERROR! $address $node:$group $height"
    return
  fi
  if [ -z "$height" ]; then
    say " ERROR! Cannot connect to $address $node:$group"
    return
  fi
  # Raft has no view, and stands still when there is nothing to do.
  if [ -z "$view" ] || [[ $view == refused:* ]]; then
    say " OK! $address $node:$group is answering: height $height"
    return
  fi
  local memory=\${node}/\${node}_$group
  if [ "$(cat "$memory.height" 2>/dev/null)" = "$height" ] && [ "$(cat "$memory.view" 2>/dev/null)" = "$view" ]; then
    say " ERROR! $address $node:$group is not working properly: height $height and view $view no change"
    return
  fi
  echo "$height" > "$memory.height"
  echo "$view" > "$memory.view"
  say " OK! $address $node:$group is working properly: height $height view $view"
}

for config in */config.ini; do
  node=$(dirname "$config")
  [ -f "$node/start.sh" ] || continue
  host=$(sed -n 's/^[[:space:]]*jsonrpc_listen_ip[[:space:]]*=[[:space:]]*//p' "$config")
  case $host in "" | 0.0.0.0) host=127.0.0.1 ;; *:*) host="[$host]" ;; esac
  address=$host:$(sed -n 's/^[[:space:]]*jsonrpc_listen_port[[:space:]]*=[[:space:]]*//p' "$config")
  # start.sh knows whether it runs, and says so.
  state=$(bash "$node/start.sh")
  if [[ $state != *"is running"* ]]; then
    say " ERROR! $address $node does not exist"
    say "$state"
    continue
  fi
  for genesis in "$node"/conf/group.*.genesis; do
    group=$(basename "$genesis" .genesis)
    check_group "$node" "$address" "\${group#group.}"
  done
done
`;
}
