import { Controller, Get } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import { currentRequest } from '../context/request-context.js';
import { ApiAnswer } from '../http/api-answer.js';
import { translate } from '../i18n/translator.js';
import { Public } from '../security/route-access.js';
import { errorCatalogue } from './app-error.js';

export class ErrorCodeResponse {
  @ApiProperty({ type: 'integer', example: 11001 })
  code!: number;

  @ApiProperty({ type: 'integer', example: 401, description: 'The HTTP status that it comes with.' })
  status!: number;

  @ApiProperty({ example: 'auth.wrongCredentials' })
  key!: string;

  @ApiProperty({ example: 'Wrong user name or password.' })
  msg!: string;
}

export class ErrorCodesResponse {
  @ApiProperty({ type: [ErrorCodeResponse] })
  items!: ErrorCodeResponse[];
}

@ApiTags('System')
@Controller('codes')
export class CodesController {
  /**
   * The error catalogue
   *
   * @remarks Every failure that the service can answer, with its text in the language of the request.
   */
  @Get()
  @Public()
  @ApiAnswer(ErrorCodesResponse, { usesDatabase: false })
  listErrorCodes(): ErrorCodesResponse {
    const { language } = currentRequest();
    return { items: errorCatalogue().map((error) => ({ ...error, msg: translate(error.key, language) })) };
  }
}
