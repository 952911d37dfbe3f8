import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AccessService } from '../access/access.service.js';
import { factorsConfig } from '../config/factors.config.js';
import type { User } from './user.entity.js';

/** Who must have a second factor: `SECOND_FACTOR_REQUIRED`. */
@Injectable()
export class FactorPolicy {
  constructor(
    private readonly access: AccessService,
    @Inject(factorsConfig.KEY) private readonly config: ConfigType<typeof factorsConfig>,
  ) {}

  /** Whether nobody must, so that nothing needs to be read. */
  get isOff(): boolean {
    return this.config.required !== 'all' && this.config.required.length === 0;
  }

  /** Whether a person with these roles must have one. */
  isRequiredFor(roles: readonly string[]): boolean {
    const { required } = this.config;
    return required === 'all' || roles.some((role) => required.includes(role));
  }

  /** Whether it demands a factor of a user with these roles who has none. */
  isUnmetBy({ kind, secondFactorAt }: User, roles: readonly string[]): boolean {
    return !this.isOff && kind === 'person' && secondFactorAt === null && this.isRequiredFor(roles);
  }

  /** The keys in it that are no role's; roles can be made later. */
  async unknownRoles(): Promise<string[]> {
    const unknown: string[] = [];
    for (const key of this.roles) if (!(await this.access.isRole(key))) unknown.push(key);
    return unknown;
  }

  /** The keys of the roles that it names. */
  get roles(): readonly string[] {
    return this.config.required === 'all' ? [] : this.config.required;
  }
}
