/** The import table of the project: each room may import only what its line says. Everything else is an error. */
const rooms = {
  "core/src/primitives": [],
  "core/src/crypto": ["primitives"],
  "core/src/certificates": ["primitives"],
  "core/src/sm-tls": ["primitives", "crypto", "certificates"],
  "core/src/protocol": ["primitives", "crypto"],
  "core/src/state": ["primitives", "crypto", "protocol"],
  "core/src/evm": ["primitives", "crypto"],
  "core/src/executor": ["primitives", "crypto", "protocol", "state", "evm"],
  "core/src/ledger": ["primitives", "crypto", "protocol", "state"],
  "core/src/txpool": ["primitives", "crypto", "protocol", "ledger"],
  "core/src/consensus": ["primitives", "crypto", "protocol", "ledger"],
  "core/src/sync": ["primitives", "crypto", "protocol", "ledger"],
  "core/src/amop": ["primitives", "crypto", "protocol", "ledger"],
  "core/src/group": [
    "primitives",
    "crypto",
    "protocol",
    "state",
    "evm",
    "executor",
    "ledger",
    "txpool",
    "consensus",
    "sync",
  ],
};

/** Rooms inside consensus: engines share the sealer and the interface, and do not know each other. */
const engines = {
  pbft: ["raft", "rpbft", "solo"],
  raft: ["pbft", "rpbft", "solo"],
  rpbft: ["raft", "solo"],
  solo: ["pbft", "raft", "rpbft"],
};

const escape = (path) => path.replaceAll("/", "\\/");
const forbidden = [
  { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
  { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
];

for (const [room, allowed] of Object.entries(rooms)) {
  const others = Object.keys(rooms).filter(
    (other) => other !== room && !allowed.includes(other.slice("core/src/".length)),
  );
  if (others.length > 0) {
    forbidden.push({
      name: `${room}-imports`,
      severity: "error",
      from: { path: `^${escape(room)}/` },
      to: { path: others.map((other) => `^${escape(other)}/`) },
    });
  }
}
forbidden.push(
  {
    name: "core-is-self-contained",
    severity: "error",
    from: { path: "^core/src/", pathNot: "\\.test\\.ts$" },
    to: { pathNot: ["^core/src/", "^node_modules/@noble/"] },
  },
  {
    name: "noble-only-in-crypto-and-the-ethereum-precompiles",
    severity: "error",
    from: { path: "^core/src/", pathNot: ["^core/src/crypto/", "^core/src/executor/ethereum/"] },
    to: { path: "^node_modules/@noble/" },
  },
  {
    name: "one-door-a-room",
    comment: "Rooms are entered by their index.ts",
    severity: "error",
    from: { path: "^core/src/([^/]+)/" },
    to: {
      path: "^core/src/[^/]+/",
      pathNot: [
        "^core/src/$1/",
        "^core/src/[^/]+/index\\.ts$",
        "^core/src/(consensus|sync)/[^/]+/index\\.ts$",
        // Helpers of tests are shared between rooms; the build leaves them out.
        "^core/src/[^/]+/testdata/",
      ],
    },
  },
  {
    name: "folders-of-node-meet-in-main",
    comment: "What all TLS ports share is in net, which knows none of them",
    severity: "error",
    from: { path: "^node/src/([^/]+)/" },
    to: { path: "^node/src/[^/]+/", pathNot: ["^node/src/$1/", "^node/src/net/"] },
  },
  {
    name: "sm-tls-imports",
    comment: "Sockets and native cryptography for SM TLS, which nodes and clients share",
    severity: "error",
    from: { path: "^sm-tls/src/" },
    to: { path: ["^node/src/", "^sdk/src/", "^cli/src/", "^testing/src/"] },
  },
  {
    name: "sdk-imports",
    severity: "error",
    from: { path: "^sdk/src/" },
    to: { path: ["^node/src/", "^cli/src/", "^testing/src/"] },
  },
  { name: "cli-imports", severity: "error", from: { path: "^cli/src/" }, to: { path: ["^testing/src/"] } },
  {
    name: "node-imports",
    severity: "error",
    from: { path: "^node/src/" },
    to: { path: ["^sdk/src/", "^cli/src/", "^testing/src/"] },
  },
);
for (const [engine, strangers] of Object.entries(engines)) {
  forbidden.push({
    name: `consensus-${engine}-imports`,
    severity: "error",
    from: { path: `^core/src/consensus/${engine}/` },
    to: { path: strangers.map((stranger) => `^core/src/consensus/${stranger}/`) },
  });
}

module.exports = {
  forbidden,
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.tests.json" },
    exclude: { path: "dist/" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
