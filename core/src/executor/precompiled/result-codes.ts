/** Every negative result that a contract of the chain can give, and the codes of the failures it throws. */

/** Results by meaning; the numbers are part of the protocol. */
export const ResultCode = {
  Success: 0,
  NoPermission: -50000,
  TableExists: -50001,
  TableMissing: -50100,
  UnknownFunction: -50101,
  AddressInvalid: -50102,
  PermissionExists: -51000,
  PermissionMissing: -51001,
  TableNameTooLong: -51002,
  ContractMissing: -51003,
  CommitteePermission: -51004,
  NodeIdInvalid: -51100,
  LastSealer: -51101,
  CnsVersionExists: -51200,
  CnsVersionTooLong: -51201,
  ConfigValueInvalid: -51300,
  UserNameInvalid: -51400,
  AmountInvalid: -51401,
  UserMissing: -51402,
  UserExists: -51403,
  BalanceInsufficient: -51404,
  BalanceOverflow: -51405,
  TableUnavailable: -51406,
  EntryUnparsable: -51500,
  ConditionUnparsable: -51501,
  OperatorUndefined: -51502,
  KeyUpdateForbidden: -51503,
  CiphersInvalid: -51600,
  GroupSignatureInvalid: -51700,
  RingSignatureInvalid: -51800,
  ContractFrozen: -51900,
  ContractAvailable: -51901,
  ManagerExists: -51902,
  NotAContract: -51903,
  ContractTableMissing: -51904,
  NotAuthorized: -51905,
  ManagerMissing: -51906,
  LastManager: -51907,
  MemberExists: -52000,
  MemberMissing: -52001,
  NotFromCommittee: -52002,
  ThresholdInvalid: -52003,
  OperatorCannotBeMember: -52004,
  MemberCannotBeOperator: -52005,
  OperatorExists: -52006,
  OperatorMissing: -52007,
  AccountMissing: -52008,
  AccountInvalid: -52009,
  AccountAvailable: -52010,
  AccountFrozen: -52011,
  ValueAlreadySet: -52012,
  ChargePermission: -53000,
  ChargeZero: -53001,
  ChargeOverflow: -53002,
  RemainTooSmall: -53003,
  GrantChargerDenied: -53004,
  RevokeChargerDenied: -53005,
  ChargerExists: -53006,
  ChargerMissing: -53007,
  ChargeFunctionUndefined: -53008,
} as const;

/** One of the numbers above. */
export type ResultCode = (typeof ResultCode)[keyof typeof ResultCode];

/** What a contract tells the storage layer's error about; for logs and tests, never part of an output. */
export type StorageErrorCode =
  | "row-index-out-of-range"
  | "value-too-long"
  | "table-name-too-long"
  | "field-name-too-long"
  | "field-names-too-long"
  | "table-name-invalid"
  | "field-name-invalid"
  | "field-duplicate";
