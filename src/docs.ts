import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { VERSION } from './version.js';

const INTRODUCTION = `
Sign-in, sessions and users for REST APIs.

**Envelope.** Every answer is one JSON object with \`code\`, \`data\` and \`msg\`. \`code\` is 0 for success, else a
stable number: \`GET /codes\` lists them all. Decide on \`code\`; \`msg\` is for people and follows \`Accept-Language\`
(\`en\`, \`zh-CN\`).

**Signing in.** Call \`POST /signin\`, send the \`access_token\` as \`Authorization: Bearer …\`, and get a new one from
\`POST /tokens/renew_access\` before it expires. The refresh token stays the same for the life of the session.
`;

/** The OpenAPI document of the service, from the decorators of its routes. */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Gatehouse')
    .setDescription(INTRODUCTION.trim())
    .setVersion(VERSION)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addBearerAuth()
    .addTag('Sign-in', 'Sign in, renew, sign out')
    .addTag('Me', 'The signed-in user')
    .addTag('Users', 'Administration of users')
    .addTag('System', 'Health, keys and the error catalogue')
    .build();
  return SwaggerModule.createDocument(app, config, { operationIdFactory: (_controller, method) => method });
}

/** Serves Swagger UI at `/docs`, the document at `/openapi.json` and `/openapi.yaml`, and sends `/` there. */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => describeApi(app), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Gatehouse API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true, tryItOutEnabled: true },
  });
  app
    .getHttpAdapter()
    .getInstance()
    .get('/', (_request, reply) => reply.redirect('/docs'));
}
