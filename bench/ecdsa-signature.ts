/** OpenSSL writes ECDSA signatures in DER, JOSE wants r and s of 32 bytes each; converting here beats asking OpenSSL. */
export function derToJose(der: Buffer): Buffer {
  const jose = Buffer.alloc(64);
  const rLength = der[3] ?? 0;
  copyRight(der.subarray(4, 4 + rLength), jose.subarray(0, 32));
  copyRight(der.subarray(6 + rLength), jose.subarray(32));
  return jose;
}

export function joseToDer(jose: Buffer): Buffer {
  const integers = [jose.subarray(0, 32), jose.subarray(32)].map((half) => {
    const first = half.findIndex((byte) => byte !== 0);
    const digits = half.subarray(first);
    // A leading 1 bit would make the number negative.
    const body = (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits;
    return Buffer.concat([Buffer.of(0x02, body.length), body]);
  });
  const content = Buffer.concat(integers);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
}

/** DER drops leading zeros and adds one before a leading 1 bit. */
function copyRight(integer: Buffer, target: Buffer): void {
  const digits = integer.length > target.length ? integer.subarray(integer.length - target.length) : integer;
  digits.copy(target, target.length - digits.length);
}
