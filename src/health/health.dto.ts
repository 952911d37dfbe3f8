import { ApiProperty } from '@nestjs/swagger';

export class LiveResponse {
  @ApiProperty({ enum: ['ok'], example: 'ok' })
  status!: 'ok';
}

export class ReadyResponse {
  @ApiProperty({ enum: ['ok', 'unavailable'], example: 'ok' })
  status!: 'ok' | 'unavailable';

  @ApiProperty({ enum: ['up', 'down'], example: 'up' })
  database!: 'up' | 'down';

  @ApiProperty({
    enum: ['ready', 'behind', 'unknown'],
    example: 'ready',
    description: 'behind: migrate first.',
  })
  schema!: 'ready' | 'behind' | 'unknown';

  @ApiProperty({ example: false, description: 'Whether the process is shutting down.' })
  draining!: boolean;
}
