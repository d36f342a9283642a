-- A PostgreSQL backend, as far as memory is concerned: start-up, the main loop, transactions, portals, the executor,
-- prepared statements. Contexts come, go and are reset in the order of real servers (15 to 18); what lies inside is of
-- plausible size. For scenarios:
--
--   local backend = require "backend"
--   backend.InitPostgres()
--   backend.exec_simple_query("select 1", backend.Result{})
--
-- core/scenario/README.md lists what there is.
local G = require "backend.globals"
local executor = require "backend.executor"
local executor_nodes = require "backend.executor_nodes"
local postgres = require "backend.postgres"
local startup = require "backend.startup"
local xact = require "backend.xact"

local backend = { contexts = G }
for _, part in ipairs{ executor, executor_nodes, postgres, startup, xact } do
  for name, value in pairs(part) do
    if name ~= "internal" then backend[name] = value end
  end
end
return backend
