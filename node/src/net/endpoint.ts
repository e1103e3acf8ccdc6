/** Where a program listens, or where a connection comes from. */
export interface Endpoint {
  /** IPv4 address, IPv6 address without brackets, or a host name. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
}
