-- A server's start as far as shared memory goes: libraries of shared_preload_libraries are loaded, their
-- shmem_request_hook runs, the segment is made, their shmem_startup_hook runs. For scenarios:
--
--   local shmem = require "shmem"
--   shmem.load_library("my_extension", { request = function() ... end, startup = function() ... end })
--   shmem.start_server{ shared_buffers = "1MB", max_connections = 10 }
--
-- core/scenario/README.md lists what there is.
local shmem = { libraries = {} }

-- shared_preload_libraries names it: _PG_init has set the two hooks.
function shmem.load_library(name, hooks)
  shmem.libraries[#shmem.libraries + 1] = { name = name, request = hooks.request, startup = hooks.startup }
end

-- `conf`: settings as postgresql_conf takes them, and what CreateSharedMemoryAndSemaphores is told of the machine.
function shmem.start_server(conf, machine)
  shmem.postmaster = start_backend{ name = "postmaster", kind = "postmaster" }
  switch_to(shmem.postmaster)
  if conf then postgresql_conf(conf) end
  for _, library in ipairs(shmem.libraries) do
    if library.request then
      begin_shmem_requests(library.name)
      library.request()
      end_shmem_requests()
    end
  end
  CreateSharedMemoryAndSemaphores(machine)
  for _, library in ipairs(shmem.libraries) do
    if library.startup then library.startup() end
  end
  return shmem.postmaster
end

-- 8-byte numbers in shared memory, as a program would keep them there.
function shmem.store_number(pointer, offset, number)
  write(pointer, string.pack("<i8", number), offset)
end
function shmem.fetch_number(pointer, offset)
  return (string.unpack("<i8", read(pointer, 8, offset)))
end

return shmem
