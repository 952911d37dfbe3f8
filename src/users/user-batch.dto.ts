import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { isUuid } from '../platform/crypto/random.js';
import { IsListOf } from '../platform/http/constraints.js';
import { BATCH_ACTIONS, type BatchAction, type BatchResult } from './user-batch.service.js';

export class UserBatchRequest {
  @IsIn(BATCH_ACTIONS)
  @ApiProperty({ example: BATCH_ACTIONS[0], description: 'What to do with each of them.' })
  action!: BatchAction;

  @IsListOf('ids', isUuid, { min: 1, max: 200, format: 'uuid' })
  @ApiProperty({
    example: ['3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11'],
    description: 'Ids of users; duplicates count once.',
  })
  ids!: string[];
}

export class BatchResultResponse {
  @ApiProperty({ format: 'uuid', example: '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11' })
  id!: string;

  @ApiProperty({ type: 'integer', example: 0, description: '0, or the number of the failure.' })
  code!: number;

  @ApiProperty({ example: 'ok' })
  msg!: string;
}

export class BatchResponse {
  @ApiProperty({ type: [BatchResultResponse] })
  results!: readonly BatchResult[];
}
