#!/bin/sh
# embed_sql.sh FILE...: prints a C++ source that defines server::EmbeddedMigrations() from the files.
set -eu
echo '#include "server/schema/embedded_migrations.h"'
echo 'namespace server {'
echo 'const std::vector<EmbeddedMigration>& EmbeddedMigrations() {'
echo '  static const std::vector<EmbeddedMigration> all = {'
for file in "$@"; do
  printf '{"%s", R"praxis_sql(' "$(basename "${file}" .sql)"
  cat "${file}"
  echo ')praxis_sql"},'
done
echo '  };'
echo '  return all;'
echo '}'
echo '}  // namespace server'
