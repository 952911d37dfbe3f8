import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';
import { withinOneEdit } from './typos.js';

describe('a name within one edit of a setting', () => {
  it.each([
    ['PROT', 'PORT'],
    ['TOKEN_ISUER', 'TOKEN_ISSUER'],
    ['TOKEN_ISSUERS', 'TOKEN_ISSUER'],
    ['DATABASE_PASSWORD_FILES', 'DATABASE_PASSWORD_FILE'],
    ['NODE_EVN', 'NODE_ENV'],
  ])('%s earns a warning that names %s', (name, meant) => {
    expect(loadConfig({ [name]: 'hunter2' }).warnings).toEqual([
      `${name} is not a setting; did you mean ${meant}?`,
    ]);
  });

  it('is told beside the problem that it causes', () => {
    expect(() => loadConfig({ NODE_ENV: 'production', TOKEN_ISSER: 'x' })).toThrow(
      expect.objectContaining({ warnings: ['TOKEN_ISSER is not a setting; did you mean TOKEN_ISSUER?'] }),
    );
  });

  it('is not found in the names that any shell or container has', () => {
    const common =
      'HOME PATH PWD OLDPWD SHELL USER LOGNAME LANG LC_ALL TERM TZ TMPDIR MAIL EDITOR PAGER DISPLAY HOSTNAME HOSTTYPE ' +
      'OSTYPE SHLVL PS1 IFS UID PPID COLUMNS LINES NODE_OPTIONS NODE_VERSION NODE_PATH KUBERNETES_PORT CI DEBUG _ ' +
      'KUBERNETES_SERVICE_HOST SSH_AUTH_SOCK HTTP_PROXY NO_PROXY INIT_CWD npm_config_cache XDG_DATA_DIRS HISTFILE';
    expect(loadConfig(Object.fromEntries(common.split(' ').map((name) => [name, 'x']))).warnings).toEqual([]);
  });
});

describe('a word that is almost production', () => {
  it.each(['prod', 'Production', 'prodution'])('NODE_ENV=%s earns a warning, for it is a trial', (mode) => {
    const config = loadConfig({ NODE_ENV: mode });
    expect(config.service.production).toBe(false);
    expect(config.warnings).toEqual(['NODE_ENV is not exactly "production", so this is a trial.']);
  });
});

describe('one edit', () => {
  it.each(['PORTS', 'XPORT', 'PORRT', 'PRT', 'ORT', 'POR', 'PART', 'PROT', 'OPRT', 'POTR', 'PORT'])(
    'reaches PORT from %s',
    (text) => {
      expect(withinOneEdit(text, 'PORT')).toBe(true);
      expect(withinOneEdit('PORT', text)).toBe(true);
    },
  );

  it.each(['', 'P', 'PO', 'TROP', 'RPOT', 'PORTER', 'PARS', 'port', 'HOST'])(
    'does not reach PORT from %j',
    (text) => {
      expect(withinOneEdit(text, 'PORT')).toBe(false);
      expect(withinOneEdit('PORT', text)).toBe(false);
    },
  );
});
