/** Failures, and the alerts that tell them to the other side. */
import { err } from "../primitives/index.js";
import type { Err, Result } from "../primitives/index.js";
import type { SmTlsFailure } from "./interface.js";

/** The numbers of alerts that are sent or understood. */
export const Alert = {
  CloseNotify: 0,
  UnexpectedMessage: 10,
  BadRecordMac: 20,
  RecordOverflow: 22,
  HandshakeFailure: 40,
  BadCertificate: 42,
  CertificateExpired: 45,
  IllegalParameter: 47,
  UnknownCa: 48,
  DecodeError: 50,
  DecryptError: 51,
  ProtocolVersion: 70,
  NoRenegotiation: 100,
} as const;

/** Names as RFC 5246 has them, for messages about alerts that came in. */
const NAMES: Readonly<Record<number, string>> = {
  0: "close_notify",
  10: "unexpected_message",
  20: "bad_record_mac",
  22: "record_overflow",
  30: "decompression_failure",
  40: "handshake_failure",
  42: "bad_certificate",
  43: "unsupported_certificate",
  44: "certificate_revoked",
  45: "certificate_expired",
  46: "certificate_unknown",
  47: "illegal_parameter",
  48: "unknown_ca",
  49: "access_denied",
  50: "decode_error",
  51: "decrypt_error",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  90: "user_canceled",
  100: "no_renegotiation",
};

/** The name of an alert. */
export function alertName(alert: number): string {
  return NAMES[alert] ?? `alert ${alert}`;
}

/** A step of the protocol. */
export type SmTlsResult<T> = Result<T, SmTlsFailure>;

/** Longest sentence: names in certificates of strangers may be of any length. */
const DETAIL_MAX = 400;

/** A failure with its sentence, which may hold what strangers wrote. */
export function failed(code: SmTlsFailure["code"], detail: string): Err<SmTlsFailure> {
  return err({ code, detail: detail.slice(0, DETAIL_MAX).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?") });
}

const ALERTS: Readonly<Record<Exclude<SmTlsFailure["code"], "alert-received">, number>> = {
  "certificate-expired": Alert.CertificateExpired,
  "certificate-missing": Alert.HandshakeFailure,
  "certificate-not-trusted": Alert.UnknownCa,
  "certificate-unreadable": Alert.BadCertificate,
  "encryption-certificate-missing": Alert.BadCertificate,
  "encryption-certificate-refused": Alert.BadCertificate,
  "finished-wrong": Alert.DecryptError,
  "key-exchange-failed": Alert.IllegalParameter,
  "message-malformed": Alert.DecodeError,
  "message-too-large": Alert.IllegalParameter,
  "message-unexpected": Alert.UnexpectedMessage,
  "no-common-suite": Alert.HandshakeFailure,
  "protocol-version": Alert.ProtocolVersion,
  "record-forged": Alert.BadRecordMac,
  "record-malformed": Alert.DecodeError,
  "record-too-large": Alert.RecordOverflow,
  "signature-wrong": Alert.DecryptError,
  "too-many-warnings": Alert.UnexpectedMessage,
};

/** The alert for a failure; undefined when it is itself an alert that came. */
export function alertOf({ code }: SmTlsFailure): number | undefined {
  return code === "alert-received" ? undefined : ALERTS[code];
}
