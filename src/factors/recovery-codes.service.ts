import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, type Repository } from 'typeorm';
import { SharedClock } from '../throttling/shared-clock.js';
import { RecoveryCode } from './recovery-code.entity.js';

const CODES = 10;
/** 120 bits: 24 characters. */
const BYTES = 15;
/** Crockford's base32: no letter that looks like a digit. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE = /^[0-9A-HJKMNP-TV-Z]{24}$/;

/** A recovery code as it is compared; undefined when the text is none. Blanks, hyphens, case and look-alikes do not count. */
export function parseRecoveryCode(text: string): string | undefined {
  const code = text.replace(/[\s-]/g, '').toUpperCase().replace(/[IL]/g, '1').replace(/O/g, '0');
  return CODE.test(code) ? code : undefined;
}

/** Codes to be kept on paper, each good once. */
@Injectable()
export class RecoveryCodes {
  constructor(
    @InjectRepository(RecoveryCode) private readonly codes: Repository<RecoveryCode>,
    private readonly clock: SharedClock,
  ) {}

  /** In the current transaction: new codes in place of all before, to be shown this once. */
  async replace(userId: string): Promise<string[]> {
    await this.removeAll(userId);
    const codes = Array.from({ length: CODES }, newCode);
    await this.codes.insert(codes.map((code) => ({ userId, digest: digestOf(userId, code), usedAt: null })));
    return codes.map((code) => code.replace(/(.{4})(?=.)/g, '$1-'));
  }

  /** In the transaction that it permits; answers whether the code is the user's and was not used before. */
  async use(userId: string, code: string): Promise<boolean> {
    const { affected } = await this.codes.update(
      { userId, digest: digestOf(userId, code), usedAt: IsNull() },
      { usedAt: await this.clock.now() },
    );
    return affected === 1;
  }

  /** Whether the code is the user's and was not used before; `use` decides. */
  async isUsable(userId: string, code: string): Promise<boolean> {
    return this.codes.existsBy({ userId, digest: digestOf(userId, code), usedAt: IsNull() });
  }

  async left(userId: string): Promise<number> {
    return this.codes.countBy({ userId, usedAt: IsNull() });
  }

  async removeAll(userId: string): Promise<void> {
    await this.codes.delete({ userId });
  }
}

function newCode(): string {
  let bits = BigInt(`0x${randomBytes(BYTES).toString('hex')}`);
  let code = '';
  for (; code.length < (BYTES * 8) / 5; bits >>= 5n) code = (ALPHABET[Number(bits & 31n)] ?? '') + code;
  return code;
}

function digestOf(userId: string, code: string): string {
  return createHash('sha256').update(userId).update(code).digest('base64url');
}
