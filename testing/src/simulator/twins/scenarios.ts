/**
 * Which scenarios of twins there are, and in which order they are played.
 *
 * Four nodes, and a fifth instance that has the key of one of them and a disk of its own: the twin. In each round the
 * five instances are cut into sets, and votes stay within a set. After Bano et al., "Twins: BFT systems made robust".
 */
import { createRandom } from "@tsbcos/core/primitives";

/** Nodes, each with a key of its own. */
export const NODES = 4;
/** Instances: the nodes, and the twin behind them. */
export const INSTANCES = NODES + 1;
/** Position of the twin among the instances. */
export const TWIN = INSTANCES - 1;
/** Rounds with a partition; the world is whole after them. */
export const ROUNDS = 8;

/** Set of each instance; sets are numbered in the order in which they appear. Equal cuts are equal texts. */
export type Partition = string;

/** One scenario. */
export interface Scenario {
  readonly number: number;
  /** Node whose key the twin has. */
  readonly twinned: number;
  /** One for each round. */
  readonly partitions: readonly Partition[];
  readonly kind: "enumerated" | "sampled";
}

/** All ways to cut the instances into sets: 52. */
export const PARTITIONS: readonly Partition[] = partitionsOf(INSTANCES);

function partitionsOf(count: number): Partition[] {
  let found = [""];
  for (let instance = 0; instance < count; instance++) {
    found = found.flatMap((partition) => {
      const sets = new Set(partition).size;
      return Array.from({ length: sets + 1 }, (_, set) => `${partition}${set}`);
    });
  }
  return found;
}

/** The same cut when the twinned node and the twin have changed places. */
export function swapped(partition: Partition, twinned: number): Partition {
  const sets = [...partition];
  [sets[twinned], sets[TWIN]] = [sets[TWIN] as string, sets[twinned] as string];
  return renumbered(sets);
}

function renumbered(sets: readonly string[]): Partition {
  const names = new Map<string, string>();
  for (const set of sets) if (!names.has(set)) names.set(set, String(names.size));
  return sets.map((set) => names.get(set)).join("");
}

/**
 * What a round is like: its cut and its leader, as seen from the twinned node.
 *
 * The nodes in their circle may be moved on by any number of places, with the leaders, and the twinned node and the
 * twin may change places: two rounds that differ in nothing else are alike.
 */
export function roundClass(partition: Partition, twinned: number, leader: number): string {
  const turned = Array.from({ length: NODES }, (_, place) => partition[(twinned + place) % NODES] as string);
  const cut = renumbered([...turned, partition[TWIN] as string]);
  const mirrored = swapped(cut, 0);
  return `${cut <= mirrored ? cut : mirrored} ${(leader - twinned + NODES) % NODES}`;
}

/** How many classes of rounds there are: 36 cuts and 4 leaders. */
export const ROUND_CLASSES = new Set(PARTITIONS.map((cut) => roundClass(cut, 0, 0))).size * NODES;

/** Two partitions that take turns, and whose key the twin has. */
interface Turn {
  readonly twinned: number;
  readonly first: Partition;
  readonly second: Partition;
}

/**
 * All scenarios in which two partitions take turns, equal ones included, for a twin of each node.
 *
 * The twinned node and the twin run the same code with the same key, so exchanging the two in all rounds at once gives
 * the same scenario: of two that mirror each other one is left out. Exchanging them in single rounds would give another.
 */
export const ENUMERATED: readonly Turn[] = enumerated();

/** How many scenarios are left out because they mirror another. */
export const PRUNED = NODES * PARTITIONS.length ** 2 - ENUMERATED.length;

function enumerated(): Turn[] {
  const turns: Turn[] = [];
  for (let twinned = 0; twinned < NODES; twinned++) {
    for (const first of PARTITIONS) {
      for (const second of PARTITIONS) {
        const mirrored = `${swapped(first, twinned)} ${swapped(second, twinned)}`;
        if (`${first} ${second}` <= mirrored) turns.push({ twinned, first, second });
      }
    }
  }
  return turns;
}

/** The scenario with that number, from 1 on: the enumerated ones, then ever more whose partitions are drawn by lot. */
export function scenarioOf(number: number): Scenario {
  const turn = ENUMERATED[number - 1];
  const rounds = Array.from({ length: ROUNDS }, (_, round) => round);
  if (turn !== undefined) {
    const { twinned, first, second } = turn;
    const partitions = rounds.map((round) => (round % 2 === 0 ? first : second));
    return { number, twinned, partitions, kind: "enumerated" };
  }
  const random = createRandom(`twins/${number}`);
  const draw = (): Partition => PARTITIONS[random.below(PARTITIONS.length)] as Partition;
  return { number, twinned: random.below(NODES), partitions: rounds.map(draw), kind: "sampled" };
}
