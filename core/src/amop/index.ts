/** Door of AMOP. */
export { Amop } from "./amop.js";
export type {
  AmopEffect,
  AmopEnvironment,
  AmopInput,
  AmopStatistics,
  SessionId,
  TopicSubscribers,
} from "./messages.js";
