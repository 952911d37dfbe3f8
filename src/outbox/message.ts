import type { Language } from '../platform/i18n/translator.js';
import type { Instant } from '../platform/time/clock.js';

export type CodeTemplate = 'signup_code' | 'password_code' | 'email_code' | 'invitation';

export type Template = CodeTemplate | 'account_exists' | 'email_taken' | 'notice';

export type NoticeKind =
  | 'new_sign_in'
  | 'password_changed'
  | 'password_reset'
  | 'email_changed'
  | 'factor_added'
  | 'factor_removed'
  | 'factors_reset'
  | 'recovery_code_used'
  | 'recovery_codes_replaced'
  | 'factor_guessed'
  | 'passkey_counter_fell'
  | 'account_deleted';

export type MessageParams = Readonly<Record<string, string | number>>;

/** Six digits, a link token of 68 characters, or both. */
export interface MessageSecret {
  readonly code?: string;
  readonly token?: string;
}

export interface Message {
  readonly template: Template;
  /**
   * The canonical address. Null: there is nobody to write to. A row that nobody gets is written then, by the same
   * statement and in the same time, so that an answer does not reveal it.
   */
  readonly recipient: string | null;
  readonly language: Language;
  /**
   * No secret, and no text of a stranger. Notices: `kind`, `username`, `at` (an instant), `address`, where it is known
   * `device`, and `left` for the recovery codes that are left. Codes: `username` and `minutes`.
   */
  readonly params: MessageParams;
  /** Given to nobody, too: something as long is sealed then. */
  readonly secret?: MessageSecret;
  readonly expiresAt: Instant;
}
