import type { mailEn } from './mail-en.js';

/** What stands in mails, in simplified Chinese. */
export const mailZhCN: Record<keyof typeof mailEn, string> = {
  'mail.greeting': '{username}，您好！',
  'mail.lasting': '有效期为 {duration}，仅可使用一次。',
  'mail.oneMinute': '1 分钟',
  'mail.minutes': '{n} 分钟',
  'mail.oneHour': '1 小时',
  'mail.hours': '{n} 小时',
  'mail.oneDay': '1 天',
  'mail.days': '{n} 天',
  'mail.link': '您也可以打开此页面：',
  'mail.onlyLink': '请打开此页面：',
  'mail.help': '如有疑问，请联系：{contact}',
  'mail.automatic': '本邮件由 {product} 自动发送，回复不会有人阅读。',

  'mail.signup_code.subject': '您的 {product} 验证码',
  'mail.signup_code.text': '欢迎！请用此验证码确认您在 {product} 新账户的邮箱：',
  'mail.signup_code.otherwise': '如果您没有申请账户，请忽略本邮件：没有验证码，什么都不会发生。',

  'mail.account_exists.subject': '您已有 {product} 账户',
  'mail.account_exists.text':
    '有人（可能是您本人）用此邮箱申请新的 {product} 账户。此邮箱已有账户，因此未做任何更改。',
  'mail.account_exists.otherwise':
    '请照常登录；如果忘记密码，可在登录处重新设置。如果您没有申请账户，请忽略本邮件。',

  'mail.password_code.subject': '设置新的 {product} 密码',
  'mail.password_code.text': '有人（可能是您本人）要为您的 {product} 账户设置新密码。请使用此验证码：',
  'mail.password_code.textLink': '有人（可能是您本人）要为您的 {product} 账户设置新密码。',
  'mail.password_code.otherwise':
    '如果不是您本人，请忽略本邮件：您的密码保持不变。无论谁索要，都不要把验证码告诉他人。',

  'mail.email_code.subject': '确认您的 {product} 邮箱',
  'mail.email_code.text': '请用此验证码确认此邮箱属于您的 {product} 账户：',
  'mail.email_code.otherwise':
    '如果您没有在 {product} 填写此邮箱，请忽略本邮件：没有验证码，什么都不会发生。',

  'mail.email_taken.subject': '此邮箱已属于一个 {product} 账户',
  'mail.email_taken.text': '有人要将此邮箱用于另一个 {product} 账户。此邮箱属于您的账户，因此未做任何更改。',
  'mail.email_taken.otherwise':
    '如果是您本人，请用拥有此邮箱的账户登录，或改用其他邮箱。如果不是，您无需任何操作。',

  'mail.invitation.subject': '您的 {product} 账户',
  'mail.invitation.text': '欢迎！您已有 {product} 账户。请用此验证码设置您的密码：',
  'mail.invitation.textLink': '欢迎！您已有 {product} 账户。只差一步：设置您的密码。',
  'mail.invitation.otherwise': '如果您并未预料到此事，请忽略本邮件：没有它，什么都不会发生。',

  'mail.notice.username': '账户：{username}',
  'mail.notice.at': '时间：{time}（UTC）',
  'mail.notice.address': 'IP 地址：{address}',
  'mail.notice.device': '设备：{device}',
  'mail.notice.left': '剩余恢复码：{left} 个',
  'mail.notice.secure':
    '如果您知道此事，您无需任何操作。如果不知道，请立即设置新密码：他人可能已知道您的密码。',
  'mail.notice.tell': '如果您知道此事，您无需任何操作。如果不知道，请立即告知 {product} 的管理人员。',

  'mail.notice.new_sign_in.subject': '您的 {product} 账户有新的登录',
  'mail.notice.new_sign_in.text': '有人从我们未曾见过的地方登录了您的 {product} 账户。',
  'mail.notice.password_changed.subject': '您的 {product} 密码已更改',
  'mail.notice.password_changed.text': '您的 {product} 账户的密码已更改，其他设备均已退出登录。',
  'mail.notice.password_reset.subject': '您的 {product} 账户已设置新密码',
  'mail.notice.password_reset.text':
    '您本人或管理员已为您的 {product} 账户设置新密码，所有设备均已退出登录。',
  'mail.notice.email_changed.subject': '您的 {product} 邮箱已更改',
  'mail.notice.email_changed.text': '您的 {product} 账户的邮箱已更改。',
  'mail.notice.factor_added.subject': '您的 {product} 登录已增加第二步验证',
  'mail.notice.factor_added.text':
    '您的 {product} 账户已添加验证器应用或通行密钥。从现在起，登录需要第二步验证。其他设备均已退出登录。',
  'mail.notice.factor_removed.subject': '您的 {product} 登录已移除一项第二步验证',
  'mail.notice.factor_removed.text':
    '您的 {product} 账户的一个验证器应用或通行密钥已被移除，其他设备均已退出登录。',
  'mail.notice.factors_reset.subject': '您的 {product} 第二步验证已重置',
  'mail.notice.factors_reset.text':
    '您的 {product} 账户的所有第二步登录验证均已移除，所有设备均已退出登录。您可以在登录后重新设置。',
  'mail.notice.recovery_code_used.subject': '有人使用了 {product} 的恢复码',
  'mail.notice.recovery_code_used.text': '您的 {product} 账户的一个恢复码已被使用，不能再次使用。',
  'mail.notice.recovery_codes_replaced.subject': '您的 {product} 恢复码已更换',
  'mail.notice.recovery_codes_replaced.text':
    '您的 {product} 账户已有新的恢复码，旧的恢复码不再有效。其他设备均已退出登录。',
  'mail.notice.passkey_counter_fell.subject': '您的 {product} 通行密钥可能已被复制',
  'mail.notice.passkey_counter_fell.text': '您的一个通行密钥被使用，但其计数低于以前的记录，它可能已被复制。',
  'mail.notice.passkey_counter_fell.otherwise':
    '如果您不清楚原因，请删除该通行密钥并重新创建，同时结束其他会话。',
  'mail.notice.factor_guessed.subject': '他人可能知道您的 {product} 密码',
  'mail.notice.factor_guessed.text':
    '有人在输入您的密码之后，或在您的某个会话中，多次尝试您 {product} 账户第二步验证的验证码，均未成功。',
  'mail.notice.factor_guessed.otherwise':
    '如果是您本人，请稍后再试。如果不是，请立即设置新密码：他人可能已知道您的密码。',
  'mail.notice.account_deleted.subject': '您的 {product} 账户已删除',
  'mail.notice.account_deleted.text': '您的 {product} 账户及其所有内容均已删除。',

  'mail.test.subject': '来自 {product} 的测试邮件',
  'mail.test.text': '这是一封测试邮件。{product} 可以向此邮箱发送邮件，您无需任何操作。',
};
