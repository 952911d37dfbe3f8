import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { factorsConfig } from '../config/factors.config.js';

/** Who must have a second factor: `SECOND_FACTOR_REQUIRED`. */
@Injectable()
export class FactorPolicy {
  constructor(@Inject(factorsConfig.KEY) private readonly config: ConfigType<typeof factorsConfig>) {}

  /** Whether nobody must, so that nothing needs to be read. */
  get isOff(): boolean {
    return this.config.required !== 'all' && this.config.required.length === 0;
  }

  /** Whether a person with these roles must have one. */
  isRequiredFor(roles: readonly string[]): boolean {
    const { required } = this.config;
    return required === 'all' || roles.some((role) => required.includes(role));
  }

  /** The keys of the roles that it names. */
  get roles(): readonly string[] {
    return this.config.required === 'all' ? [] : this.config.required;
  }
}
