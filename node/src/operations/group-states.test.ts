import { expect, test } from "vitest";
import {
  decisionAtStart,
  doneAnswer,
  refusalOf,
  statusAnswer,
  type GroupOperation,
  type GroupState,
} from "./group-states.js";

/** Every answer in every state: `go` where the operation is done. */
const TABLE: Readonly<Record<GroupOperation, Readonly<Record<GroupState, string>>>> = {
  generate: {
    INEXISTENT: "go",
    RUNNING: "0x2 Group 7 already exists",
    STOPPING: "0x2 Group 7 already exists",
    STOPPED: "0x2 Group 7 already exists",
    DELETED: "0x2 Group 7 already exists",
    UNKNOWN: "0x1 Please check `.group_status` file of the group",
  },
  start: {
    INEXISTENT: "0x6 Group 7 not found",
    RUNNING: "0x3 Group 7 is already running",
    STOPPING: "0xd Group 7 is stopping",
    STOPPED: "go",
    DELETED: "0x5 Group 7 has been deleted",
    UNKNOWN: "0x1 Please check `.group_status` file of the group",
  },
  stop: {
    INEXISTENT: "0x6 Group 7 not found",
    RUNNING: "go",
    STOPPING: "0xd Group 7 is stopping",
    STOPPED: "0x4 Group 7 has already been stopped",
    DELETED: "0x5 Group 7 has already been deleted",
    UNKNOWN: "0x1 Please check `.group_status` file of the group",
  },
  remove: {
    INEXISTENT: "0x6 Group 7 not found",
    RUNNING: "0x3 Group 7 is running",
    STOPPING: "0xd Group 7 is stopping",
    STOPPED: "go",
    DELETED: "0x5 Group 7 has already been deleted",
    UNKNOWN: "0x1 Please check `.group_status` file of the group",
  },
  recover: {
    INEXISTENT: "0x6 Group 7 not found",
    RUNNING: "0xe Group 7 has not been deleted",
    STOPPING: "0xe Group 7 has not been deleted",
    STOPPED: "0xe Group 7 has not been deleted",
    DELETED: "go",
    UNKNOWN: "0x1 Please check `.group_status` file of the group",
  },
};

const CASES = Object.entries(TABLE).flatMap(([operation, states]) =>
  Object.entries(states).map(([state, words]) => [operation, state, words] as [GroupOperation, GroupState, string]),
);

test.each(CASES)("%s of a group that is %s: %s", (operation, state, words) => {
  const refusal = refusalOf(operation, state, 7);
  expect(refusal === undefined ? "go" : `${refusal.code} ${refusal.message}`).toBe(words);
});

test.each([
  ["generate", "Group 7 generated successfully"],
  ["start", "Group 7 started successfully"],
  ["stop", "Group 7 stopped successfully"],
  ["remove", "Group 7 deleted successfully"],
  ["recover", "Group 7 recovered successfully"],
] as const)("%s done: %s", (operation, message) => {
  expect(doneAnswer(operation, 7)).toEqual({ code: "0x0", message });
});

test("asking for the state", () => {
  for (const status of ["INEXISTENT", "RUNNING", "STOPPING", "STOPPED", "DELETED"] as const) {
    expect(statusAnswer(status)).toEqual({ code: "0x0", message: "", status });
  }
  expect(statusAnswer("UNKNOWN")).toEqual({
    code: "0x1",
    message: "Please check `.group_status` file of the group",
    status: "UNKNOWN",
  });
});

test("what was running or is new starts with the node; what was being stopped is stopped", () => {
  expect(decisionAtStart("RUNNING")).toEqual({ starts: true, rewrite: undefined });
  expect(decisionAtStart("INEXISTENT")).toEqual({ starts: true, rewrite: undefined });
  expect(decisionAtStart("STOPPED")).toEqual({ starts: false, rewrite: undefined });
  expect(decisionAtStart("DELETED")).toEqual({ starts: false, rewrite: undefined });
  expect(decisionAtStart("UNKNOWN")).toEqual({ starts: false, rewrite: undefined });
  expect(decisionAtStart("STOPPING")).toEqual({ starts: false, rewrite: "STOPPED" });
});
