import type { LocaleKey } from './en.js';

/** Every text that a client can be shown, in simplified Chinese. */
export const zhCN: Record<LocaleKey, string> = {
  ok: '成功',

  'platform.internal': '服务出现异常，请稍后重试。',
  'platform.invalidRequest': '请求无效。',
  'platform.malformedRequest': '无法解析该请求。',
  'platform.noSuchRoute': '该地址不存在。',
  'platform.methodNotAllowed': '该地址不支持此请求方法。',
  'platform.bodyTooLarge': '请求体过大。',
  'platform.unsupportedMediaType': '请以 UTF-8 编码的 application/json 发送请求体。',
  'platform.headersTooLong': '请求地址或请求头过长。',
  'platform.tooManyRequests': '尝试次数过多，请稍后再试。',
  'platform.overloaded': '服务繁忙，请稍后重试。',
  'platform.dependencyUnavailable': '服务暂时不可用，请稍后重试。',
  'platform.requestTimeout': '请求传输超时。',
  'platform.expectationFailed': '无法满足请求的 Expect 要求。',

  'auth.wrongCredentials': '用户名或密码错误。',
  'auth.notSignedIn': '请先登录。',
  'auth.invalidRefreshToken': '刷新令牌无效，请重新登录。',
  'access.notPermitted': '您没有权限执行此操作。',
  'auth.wrongCurrentPassword': '当前密码错误。',
  'auth.noSuchSession': '该会话不存在。',

  'users.notFound': '该用户不存在。',
  'users.usernameTaken': '该用户名已被使用。',
  'users.emailTaken': '该邮箱已被使用。',
  'users.phoneTaken': '该手机号已被使用。',
  'users.passwordRefused': '该密码不可使用。',
  'users.lastAdministrator': '必须保留至少一位启用的管理员。',
  'users.notOnYourself': '不能对自己的账户执行此操作。',

  'rule.required': '必填',
  'rule.unknown': '未知字段',
  'rule.repeated': '只能出现一次',
  'rule.body': '请求体必须是 JSON 对象',
  'rule.no_body': '该请求不接受请求体',
  'rule.depth': '嵌套层级不能超过 {max} 层',
  'rule.string': '必须是字符串',
  'rule.length': '长度必须为 {min} 到 {max} 个字符',
  'rule.control_characters': '不能包含控制字符',
  'rule.username': '必须以字母开头，由 3 到 32 个小写字母、数字、点、连字符或下划线组成',
  'rule.email': '必须是有效的邮箱地址',
  'rule.phone': '必须是有效的电话号码',
};
