/* global SwaggerUIBundle, document, setTimeout, window */

// The page behind /docs: Swagger UI, which keeps the authorisation in step with the session. Whoever signs in here
// calls the rest without copying a token.

const SCHEME = 'bearer';

/** Of the last sign-in. It opens a month of sessions, so it stays in memory and out of the browser's storage. */
let refreshToken;

/** Of a sign-in that is not done yet. */
let challenge;

/** What a sign-in can ask for: what the bar says then, and the call that meets it. */
const DEMANDS = {
  11007: ['A code is needed', 'signInWithCode'],
  11010: ['A new password is needed', 'signInWithNewPassword'],
  11011: ['An authenticator app must be set up', 'enrolTotp'],
};

/** The calls that can open a session. */
const SIGN_INS = ['POST /signin', 'POST /signin/code', 'POST /signin/passkey', 'POST /signin/password'];

const SessionPlugin = () => ({
  // Swagger UI reports each answer of "Execute" to `setResponse`.
  statePlugins: {
    spec: {
      wrapActions: {
        setResponse: (original, system) => (path, method, response) => {
          const result = original(path, method, response);
          // What failed comes inside an error.
          follow(system, `${method.toUpperCase()} ${path}`, response.err?.response ?? response);
          return result;
        },
      },
    },
  },
  wrapComponents: {
    // Bodies that take the refresh token or the challenge are prefilled: nobody should have to copy these either.
    RequestBodyEditor: (Original, system) => (props) =>
      system.React.createElement(Original, { ...props, defaultValue: filled(props.defaultValue) }),
  },
});

function follow(system, call, { status, body }) {
  const succeeded = body?.code === 0;
  const demand = DEMANDS[body?.code];
  if (SIGN_INS.includes(call) && succeeded) {
    authorize(system, body.data.access_token);
    refreshToken = body.data.refresh_token;
    challenge = undefined;
    tell(`Signed in as ${body.data.user.username}`, true);
  } else if (call === 'POST /tokens/renew_access' && succeeded) {
    authorize(system, body.data.access_token);
  } else if ((call === 'POST /signout' || call === 'POST /tokens/revoke') && succeeded) {
    forget(system, 'Signed out');
  } else if (call === 'DELETE /me' && succeeded) {
    forget(system, 'Account deleted');
  } else if (demand) {
    proceed(system, body.data.challenge, ...demand);
  } else if (call === 'POST /signin/totp' && succeeded) {
    const { challenge: next, secret } = body.data;
    proceed(system, next, `Add ${secret} to your app, then send its code`, 'signInWithCode');
  } else if (status === 401 && body?.code === 11002 && isAuthorized(system)) {
    forget(system, 'The session has ended');
  }
}

function proceed(system, next, message, operation) {
  challenge = next;
  tell(message);
  system.layoutActions.show(['operations', 'Sign-in', operation], true);
  // After the answer is drawn, which stands above or below.
  setTimeout(() => document.getElementById(`operations-Sign-in-${operation}`)?.scrollIntoView(), 100);
}

function authorize(system, accessToken) {
  const schema = system.specSelectors.securityDefinitions().get(SCHEME);
  // With the option: kept over a reload.
  system.authActions.authorizeWithPersistOption({
    [SCHEME]: { name: SCHEME, schema, value: accessToken },
  });
}

function forget(system, message) {
  system.authActions.logoutWithPersistOption([SCHEME]);
  tell(message);
}

function filled(example) {
  const known = Object.entries({ refresh_token: refreshToken, challenge });
  return known.reduce(
    (body, [field, value]) =>
      value === undefined
        ? body
        : body?.replace(new RegExp(`("${field}": ")[^"]*`), (_, before) => before + value),
    example,
  );
}

function isAuthorized(system) {
  return system.authSelectors.authorized()?.has(SCHEME) === true;
}

/** In the bar at the top; green while calls are authorised. */
function tell(message, signedIn = false) {
  const status = document.getElementById('session');
  status.textContent = message;
  status.classList.toggle('signed-in', signedIn);
}

/** The introduction is long; folded, the first call stands on the first screen. */
document.getElementById('conventions').addEventListener('click', ({ currentTarget: button }) => {
  const folded = document.getElementById('swagger-ui').classList.toggle('folded');
  button.setAttribute('aria-expanded', String(!folded));
  if (!folded) window.scrollTo({ top: 0 });
});

const ui = SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  plugins: [SessionPlugin],
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  // Nothing leaves for a validator elsewhere.
  validatorUrl: null,
  onComplete: () => {
    const system = ui.getSystem();
    if (isAuthorized(system)) tell('Signed in', true);
    else {
      tell('Not signed in');
      // The first thing that somebody new needs.
      system.layoutActions.show(['operations', 'Sign-in', 'signIn'], true);
    }
  },
});
