/** Everything of the SDK: what runs everywhere, and what needs files or sockets. */
export * from "./browser.js";
export { readAccountFile, writeAccountFiles, type AccountFiles, type AccountFormat } from "./accounts/files.js";
export { accountFromPkcs12, encodePkcs12 } from "./accounts/pkcs12.js";
export { ChannelConnection, createSeq, type ChannelListener, type ChannelOptions } from "./channel/connection.js";
export { readCredentials, type ChannelCredentials } from "./channel/credentials.js";
export { channelTransport, type ChannelTransportOptions } from "./channel/transport.js";
export { connect, type ConnectOptions } from "./connect.js";
