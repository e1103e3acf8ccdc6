/**
 * Settings for the openssl program. Nothing here uses them: they lie beside the keys for the certificate scripts of 2.x
 * (`gen_agency_cert.sh`, `gen_node_cert.sh`), which look for them by these names of files and sections.
 */

const REQUEST = `[req]
distinguished_name = req_distinguished_name
prompt = no
string_mask = utf8only

[req_distinguished_name]
CN = unset
O = fisco-bcos
OU = unset
`;

/** Text of `cert.cnf`. */
export function opensslSettings(): string {
  return `# for the openssl program: certificates of agencies (v4_req), nodes and SDKs (v3_req)
[ca]
default_ca = default_ca

[default_ca]
default_days = 36500
default_md = sha256

${REQUEST.replace("[req]", "[req]\ndefault_md = sha256")}
[v3_req]
basicConstraints = CA:FALSE
keyUsage = nonRepudiation, digitalSignature, keyEncipherment

[v4_req]
basicConstraints = CA:TRUE
`;
}

/** Text of `gmcert.cnf`. */
export function smOpensslSettings(): string {
  return `# for an openssl program with SM2: certificates of chain and agencies (v3_ca, v3_agency_root), and the two of
# a node or SDK, for signing (v3_req) and for key exchange (v3enc_req)
[ca]
default_ca = CA_default

[CA_default]
default_days = 36500
default_md = sm3

${REQUEST.replace("[req]", "[req]\ndefault_md = sm3\nx509_extensions = v3_ca")}
[v3_req]
basicConstraints = CA:FALSE
keyUsage = nonRepudiation, digitalSignature

[v3enc_req]
basicConstraints = CA:FALSE
keyUsage = keyAgreement, keyEncipherment, dataEncipherment

[v3_ca]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always, issuer
basicConstraints = CA:true
keyUsage = cRLSign, keyCertSign

[v3_agency_root]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always, issuer
basicConstraints = CA:true
keyUsage = cRLSign, keyCertSign
`;
}

/** Text of \`gmsm2.param\`: the name of the SM2 curve. */
export const SM2_PARAMETERS = `-----BEGIN EC PARAMETERS-----
BggqgRzPVQGCLQ==
-----END EC PARAMETERS-----
`;
