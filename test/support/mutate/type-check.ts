import { join } from 'node:path';
import ts from 'typescript';

/** The sources of a tree as the compiler sees them, where single files may read differently for a moment. */
export interface TypedTree {
  readonly sourceFile: (path: string) => ts.SourceFile;
  /** Whether the given files are without errors when `path` has that text. */
  readonly compiles: (path: string, text: string, files: readonly string[]) => boolean;
}

/** Opens the project that stands in `root`, by its own tsconfig.json. Paths are relative to it. */
export function openTypedTree(root: string): TypedTree {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options, fileNames } = ts.parseJsonConfigFileContent({ ...config, include: ['src'] }, ts.sys, root);
  let replaced: { readonly file: string; readonly text: string } | undefined;
  let version = 0;
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => fileNames,
    getScriptVersion: (file) => (replaced?.file === file ? String(version) : '0'),
    getScriptSnapshot(file) {
      const text = replaced?.file === file ? replaced.text : ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
    fileExists: (file) => ts.sys.fileExists(file),
    readFile: (file) => ts.sys.readFile(file),
    directoryExists: (path) => ts.sys.directoryExists(path),
    realpath: (path) => ts.sys.realpath?.(path) ?? path,
  });
  return {
    sourceFile(path) {
      const found = service.getProgram()?.getSourceFile(join(root, path));
      if (found === undefined) throw new Error(`${path} is no source of ${root}`);
      return found;
    },
    compiles(path, text, files) {
      version += 1;
      replaced = { file: join(root, path), text };
      const broken = files.some((file) => {
        const full = join(root, file);
        return service.getSyntacticDiagnostics(full).length + service.getSemanticDiagnostics(full).length > 0;
      });
      replaced = undefined;
      return !broken;
    },
  };
}
