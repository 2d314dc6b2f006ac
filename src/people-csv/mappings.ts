import { ActionRefusedError } from '../users/errors.ts';
import { mappingProblem, type Mapping } from './mapping.ts';
import type { MappingStore, SavedMapping } from './ports.ts';

/** Mappings under their names (spec 17.2). */
export interface Mappings {
  list(): Promise<readonly SavedMapping[]>;
  /** In place of the one of that name, where there is one. @throws ActionRefusedError */
  save(name: string, mapping: Mapping, operator: string): Promise<void>;
  /** False where there is none of that name. */
  remove(name: string): Promise<boolean>;
}

export function createMappings(store: MappingStore): Mappings {
  return {
    ...store,
    async save(name, mapping, operator) {
      const problem = mappingProblem(mapping);
      if (problem !== null) throw new ActionRefusedError('mapping-invalid', problem);
      await store.save(name, mapping, operator);
    },
  };
}
