-- What differs between the versions of PostgreSQL, as data: one row per version. From recordings of real servers.
local rows = {
  [15] = {
    end_of_transaction = MemoryContextDelete,    -- what happens to TopTransactionContext
    caller_tuples = GenerationContextCreate,     -- of a sort without a bound
    locallock_hash_in_postmaster = true,         -- else each backend makes its own
    exit_resets_abort_context = true,
    btree_support_functions = 5,                 -- per key column
    registered_buffers_bytes = 41960,            -- of the write-ahead log's construction
    shared_ref_table_bytes = 6144,               -- hash table of the references to shared statistics
    indexes_at_analysis = {},                    -- loaded when the first table is looked up
  },
}

local function like(major, changes)
  return setmetatable(changes, { __index = rows[major] })
end

rows[16] = like(15, {
  registered_buffers_bytes = 41520,
  guc_context = true,
  hash_spill_context = true,
})
rows[17] = like(16, {
  caller_tuples = BumpContextCreate,
  search_path_cache = true,
})
rows[18] = like(17, {
  end_of_transaction = MemoryContextReset,
  locallock_hash_in_postmaster = false,
  exit_resets_abort_context = false,
  btree_support_functions = 6,
  shared_ref_table_bytes = 8192,
  indexes_at_analysis = { "pg_operator_oprname_l_r_n_index" },
  hash_agg_table_context = true,                 -- groups of a hash aggregation get a Bump context of their own
  tuplestore_context = true,                     -- a held result keeps its tuples in a Generation context
})

return rows[PG_MAJORVERSION_NUM]
