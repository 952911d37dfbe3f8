/** The groups of the document, in reading order. */
export const TAGS = [
  ['Sign-in', 'Open a session, renew its access token, end it.'],
  ['Me', 'The signed-in user: profile, password, sessions.'],
  ['Users', 'The administration of users and of their sessions.'],
  ['Roles', 'Roles, and the permissions that they give.'],
  ['Audit', 'Who did what, and when.'],
  ['System', 'The error catalogue, signing keys, health, this document.'],
] as const;

/** What holds for every call, so that no operation has to repeat it. */
export const INTRODUCTION = `
Sign-in, sessions, users and permissions for REST APIs.

## In three calls

1. \`POST /signin\` with a user name, e-mail address or phone number, and the password.
2. Send the \`access_token\` of the answer with every call: \`Authorization: Bearer …\`. \`GET /me\` says who you are.
3. Before \`access_token_expires_at\`, \`POST /tokens/renew_access\` gives a new one. The refresh token stays the same for
   the life of the session, so parallel renewals all succeed.

On this page, a successful sign-in authorises the calls after it by itself.

## Every answer is one envelope

\`\`\`json
{ "code": 0, "data": { }, "msg": "ok" }
\`\`\`

\`code\` is 0 for success and otherwise a stable number: **decide on \`code\`**, never on \`msg\`. \`data\` is \`null\` where there
is nothing to tell; a failure carries in it only what a client can act on. The HTTP status carries the outcome too.
Outside the envelope stand \`/health/*\`, \`/metrics\`, \`/.well-known/*\` and this document.

## Failures

\`\`\`json
{ "code": 10001, "data": { "errors": [{ "field": "username", "rule": "required", "message": "is required" }] },
  "msg": "The request is not valid." }
\`\`\`

Each operation lists every failure that it can answer, with an example; \`GET /codes\` lists them all. The hundreds of a
code tell the area: 10xxx the request and the service, 11xxx sign-in and sessions, 12xxx users, 13xxx roles.

* **400** names at most 20 refused fields and never repeats a value.
* **401** carries \`WWW-Authenticate: Bearer\`. **405** carries \`Allow\`.
* **429** and **503** carry \`Retry-After\` in whole seconds, and the same number as \`data.retry_after\`.
* What somebody may not see is answered like what does not exist: **404**.

What the HTTP layer refuses before it looks at a call (a URL, header or body that cannot be read, is too large, has the
wrong type or takes too long) is listed once, as the \`default\` answer.

## Requests

Bodies are \`application/json\` in UTF-8, at most 32 KiB and 10 levels deep. Types are strict: nothing is converted. Unknown
fields, and unknown or repeated query parameters, are refused. Names are snake_case, ids are UUIDs.

A text that is not set is empty and never \`null\`, as \`email\` and \`phone\` are: in a request \`""\` clears it. What is no text
and has not happened yet is \`null\`, as \`last_sign_in_at\` is before the first sign-in.

## Language

\`msg\` and \`message\` follow \`Accept-Language\`: \`en\` or \`zh-CN\`, which is also the answer to any other Chinese, such as
\`zh-TW\`, \`zh-HK\` or \`zh-Hant\`. The answer says which in \`Content-Language\`.

\`\`\`json
{ "code": 11002, "data": null, "msg": "请先登录。" }
\`\`\`

## Lists

Lists take \`page\` (from 1), \`page_size\` (20, at most 100; \`page × page_size\` at most 10 000), \`sort\` (a field, with \`-\`
before it for descending) and filters. They answer \`items\`, \`total\`, \`page\` and \`page_size\`; \`total\` obeys the same filters
and stops counting at 10 000.

## Times and request ids

Times are RFC 3339 in UTC with milliseconds: \`2026-11-22T08:32:48.741Z\`. A request may bring its own \`X-Request-Id\`
(1 to 64 of \`A–Z a–z 0–9 . _ -\`); the answer repeats it, or brings the one that was made. Name it when you report a problem.
`.trim();
