/** The SDK channel of a node. */
export { AmopService } from "./amop-service.js";
export type { AmopNetwork, AmopServiceStatistics } from "./amop-service.js";
export type { AmopTraffic } from "./amop-traffic.js";
export { openChannelTransport } from "./credentials.js";
export type {
  ChannelGroup,
  ChannelServer,
  ChannelServerOptions,
  ChannelStatistics,
  ChannelTraffic,
  LogSearch,
  RpcClient,
  RunningSearch,
} from "./interface.js";
export { startChannelServer } from "./server.js";
export { createClientSmTls } from "./sm-transport.js";
export { createClientTls } from "./transport.js";
export type { ClientTransport } from "./transport.js";
