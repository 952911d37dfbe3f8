import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { CodesErrors } from '../codes/codes.errors.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import { AppError } from '../platform/errors/app-error.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { AuthErrors } from './auth.errors.js';

/** How an attempt ended; the only label. `challenged` goes on, `failed` is our fault or the database's. */
type Result = 'succeeded' | 'challenged' | 'refused' | 'limited' | 'overloaded' | 'failed';

const RESULTS: ReadonlyMap<number, Result> = new Map([
  [AuthErrors.wrongCredentials().definition.code, 'refused'],
  [CodesErrors.challengeNotValid().definition.code, 'refused'],
  [FactorsErrors.refused().definition.code, 'refused'],
  [AuthErrors.secondFactorNeeded().definition.code, 'challenged'],
  [AuthErrors.enrolmentNeeded().definition.code, 'challenged'],
  [AuthErrors.passwordChangeNeeded().definition.code, 'challenged'],
  [AuthErrors.invalidRefreshToken().definition.code, 'refused'],
  [PlatformErrors.tooManyRequests().definition.code, 'limited'],
  [PlatformErrors.overloaded().definition.code, 'overloaded'],
]);

/** Counts sign-ins and renewals by how they end. */
@Injectable()
export class AuthMetrics {
  private readonly signIns: Counter<'result'>;
  private readonly renewals: Counter<'result'>;

  constructor(metrics: Metrics) {
    this.signIns = metrics.counter('sign_ins_total', 'Sign-ins by result.', ['result']);
    this.renewals = metrics.counter('renewals_total', 'Renewals of access tokens by result.', ['result']);
  }

  signedIn<T>(work: Promise<T>): Promise<T> {
    return counted(this.signIns, work);
  }

  renewed<T>(work: Promise<T>): Promise<T> {
    return counted(this.renewals, work);
  }
}

async function counted<T>(counter: Counter<'result'>, work: Promise<T>): Promise<T> {
  let result: Result = 'succeeded';
  try {
    return await work;
  } catch (error) {
    result = (error instanceof AppError && RESULTS.get(error.definition.code)) || 'failed';
    throw error;
  } finally {
    counter.inc({ result });
  }
}
