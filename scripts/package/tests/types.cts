// Only compiled: CommonJS has its own way to the types.
import { type Server, start } from 'queuerite';

export const server: Promise<Server> = start();
