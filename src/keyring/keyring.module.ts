import { Module } from '@nestjs/common';
import { KeyUses } from './key-uses.js';
import { Keyring } from './keyring.js';
import { Sealing } from './sealing.js';

@Module({ providers: [Keyring, Sealing, KeyUses], exports: [Keyring, Sealing, KeyUses] })
export class KeyringModule {}
