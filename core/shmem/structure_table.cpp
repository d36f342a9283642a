// Sizes of structs and counts were read off real servers of 15, 16, 17 and 18 under many settings (tests/golden/shmem),
// and agree with spec 11.2 to 11.5.
#include "core/shmem/structure_table.h"

namespace palloscope::core {
namespace {

using C = Count;

constexpr PerMajor all(std::uint32_t bytes) { return {bytes, bytes, bytes, bytes}; }
constexpr std::uint32_t kNo = kAbsent;
constexpr PerMajor kOnly15And16 = {0, 0, kNo, kNo};
constexpr PerMajor kSince17 = {kNo, kNo, 0, 0};

constexpr StructureRow fixed(std::string_view name, PerMajor bytes, std::string_view purpose) {
  return {name, purpose, Shape::Plain, bytes};
}
constexpr StructureRow plain(std::string_view name, PerMajor base, PerMajor each, Count count,
                             std::string_view purpose) {
  return {name, purpose, Shape::Plain, base, each, count};
}
constexpr StructureRow hash(std::string_view name, PerMajor entry_bytes, std::uint32_t key_bytes, Count max, Count init,
                            std::uint32_t partitions, std::string_view purpose) {
  return {name, purpose, Shape::Hash, entry_bytes, all(key_bytes), max, init, all(partitions)};
}
// `lsns`: entries of 8 bytes a page besides.
constexpr StructureRow slru(std::string_view name, PerMajor versions, Count pages, std::string_view purpose,
                            std::uint32_t lsns = 0) {
  return {name, purpose, Shape::Slru, versions, all(lsns), pages};
}
constexpr StructureRow header(PerMajor base, PerMajor each, Count count, std::string_view purpose) {
  return {"", purpose, Shape::Header, base, each, count};
}
constexpr StructureRow with(StructureRow row, Presence presence) {
  row.presence = presence;
  return row;
}
constexpr StructureRow with(StructureRow row, Estimate estimate) {
  row.estimate = estimate;
  return row;
}
constexpr StructureRow and_estimate(StructureRow row, std::uint32_t extra) {
  row.estimate_extra = extra;
  return row;
}
constexpr StructureRow and_more(StructureRow row, PerMajor more, Count other) {
  row.more = more;
  row.other = other;
  return row;
}

constexpr auto kNotCounted = Estimate::NotCounted;

constexpr StructureRow kRows[] = {
    // --- before the index
    with(header(all(56), all(0), C::One, "PGShmemHeader: magic, creator, size, free offset, index"), kNotCounted),
    header(all(0), all(128), C::Semaphores, "semaphores: what a process sleeps on while it waits"),
    with(header(all(1), all(0), C::One, "ShmemLock: the spinlock of ShmemAlloc"), kNotCounted),
    with(plain("", {72, 72, kNo, kNo}, all(0), C::One, "ShmemVariableCache: next OID, next transaction id, limits"),
         kNotCounted),
    plain("", all(132), all(128), C::LwLocks, "LWLock array: a cache line for each lightweight lock"),
    hash("ShmemIndex", all(72), 48, C::ShmemIndexEntries, C::ShmemIndexEntries, 0,
         "the index: where each named structure is"),

    with(plain("Preallocated DSM", all(0), all(1), C::DynamicBytes,
               "room for dynamic segments that need no file (min_dynamic_shared_memory)"),
         Presence::IfAny),
    fixed("DSM Registry Data", {kNo, kNo, 16, 16}, "the table of named DSM segments, made when the first is wanted"),
    fixed("TransamVariables", {kNo, kNo, 72, 72}, "next OID, next transaction id, wraparound limits, latest completed"),

    // --- WAL
    plain("XLOG Ctl", all(456 + 9 * 128 + 8192), all(8 + 8192), C::WalPages,
          "WAL: positions, insertion locks and the WAL buffers themselves (wal_buffers)"),
    with(fixed("Control File", all(296), "a copy of global/pg_control"), kNotCounted),
    fixed("XLogPrefetchStats", all(72), "counters of pg_stat_recovery_prefetch"),
    fixed("XLOG Recovery Ctl", all(104), "how far the start-up process has replayed"),

    // --- SLRU caches: pages of small per-transaction files
    slru("Xact", kOnly15And16, C::XactPages, "commit log: two bits a transaction, committed or aborted (pg_xact)",
         1024),
    slru("transaction", kSince17, C::XactPages, "commit log: two bits a transaction, committed or aborted (pg_xact)",
         1024),
    slru("CommitTs", kOnly15And16, C::CommitTsPages, "times of commits, if track_commit_timestamp (pg_commit_ts)"),
    slru("commit_timestamp", kSince17, C::CommitTsPages, "times of commits, if track_commit_timestamp (pg_commit_ts)"),
    fixed("CommitTs shared", all(32), "the latest commit's time; whether times are kept"),
    slru("Subtrans", kOnly15And16, C::SubtransPages, "parent of each subtransaction (pg_subtrans)"),
    slru("subtransaction", kSince17, C::SubtransPages, "parent of each subtransaction (pg_subtrans)"),
    slru("MultiXactOffset", kOnly15And16, C::MultixactOffsetPages,
         "row locks of several: where the members are listed"),
    slru("multixact_offset", kSince17, C::MultixactOffsetPages, "row locks of several: where the members are listed"),
    slru("MultiXactMember", kOnly15And16, C::MultixactMemberPages, "row locks of several: the members"),
    slru("multixact_member", kSince17, C::MultixactMemberPages, "row locks of several: the members"),
    and_more(plain("Shared MultiXact State", {52, 52, 48, 48}, {8, 8, 4, 4}, C::Transactions,
                   "next multixact, and the oldest that each backend may still see"),
             {0, 0, 4, 4}, C::MaxBackends),

    // --- the buffer pool
    and_estimate(plain("Buffer Descriptors", all(0), all(64), C::Buffers,
                       "what each buffer holds: page, pins, usage count, flags (64 bytes each)"),
                 128),
    plain("Buffer Blocks", {0, 4096, 4096, 4096}, all(8192), C::Buffers, "the pages: this is shared_buffers"),
    and_estimate(plain("Buffer IO Condition Variables", all(0), all(16), C::Buffers,
                       "for who waits until another has read or written the page"),
                 128),
    plain("Checkpoint BufferIds", all(0), all(20), C::Buffers, "the checkpointer's list of dirty buffers, to sort"),
    hash("Shared Buffer Lookup Table", all(24), 20, C::LookupEntries, C::LookupEntries, 128,
         "which buffer holds a page: page to buffer number, 128 partitions"),
    and_estimate(fixed("Buffer Strategy Status", all(28), "the clock hand, the freelist's ends, counters"), 4),

    // --- locks
    with(
        hash("LOCK hash", all(152), 16, C::LockEntries, C::HalfLockEntries, 16, "lockable objects that somebody locks"),
        Estimate::LocksSlack),
    with(hash("PROCLOCK hash", all(64), 16, C::TwiceLockEntries, C::LockEntries, 16,
              "who holds or awaits which of those locks"),
         Estimate::LocksSlack),
    with(fixed("Fast Path Strong Relation Lock Data", all(4100),
               "strong locks counted, so that weak ones may take the fast path"),
         kNotCounted),
    with(hash("PREDICATELOCKTARGET hash", all(32), 16, C::PredLockEntries, C::PredLockEntries, 16,
              "serializable: what was read (tuples, pages, relations)"),
         Estimate::PredicateSlack),
    with(hash("PREDICATELOCK hash", all(56), 16, C::TwicePredLockEntries, C::TwicePredLockEntries, 16,
              "serializable: which transaction read it"),
         Estimate::PredicateSlack),
    plain("PredXactList", all(88), {0, 0, 0, 168}, C::PredTransactions, "serializable: the list of such transactions"),
    plain("", {0, 0, 0, kNo}, all(168), C::PredTransactions, "PredXactList: its elements"),
    hash("SERIALIZABLEXID hash", all(16), 4, C::PredTransactions, C::PredTransactions, 0,
         "serializable: transaction id to entry of the list"),
    plain("RWConflictPool", all(24), {0, 0, 0, 48}, C::Conflicts, "serializable: read-write conflicts found"),
    plain("", {0, 0, 0, kNo}, all(48), C::Conflicts, "RWConflictPool: its elements"),
    fixed("FinishedSerializableTransactions", all(16), "serializable: those that ended but still matter"),
    slru("Serial", kOnly15And16, C::SerialPages, "serializable: summaries of old transactions (pg_serial)"),
    slru("serializable", kSince17, C::SerialPages, "serializable: summaries of old transactions (pg_serial)"),
    fixed("SerialControlData", {12, 12, 16, 16}, "serializable: which part of pg_serial is in use"),

    // --- processes
    fixed("Proc Header", {104, 136, 136, 128}, "lists of free PGPROCs, and where the arrays are"),
    plain("", {0, 0, 0, kNo}, {880, 880, 888, 0}, C::Procs, "PGPROC array: an entry for each process that may exist"),
    plain("", {0, 0, 0, kNo}, {4, 4, 4, 0}, C::Procs, "xids: the running transaction ids, packed for snapshots"),
    plain("", {0, 0, 0, kNo}, {2, 2, 2, 0}, C::Procs, "subxidStates: how many subtransactions each has"),
    plain("", {0, 0, 0, kNo}, {1, 1, 1, 0}, C::Procs, "statusFlags: in vacuum, in logical decoding, ..."),
    fixed("", {1, 1, 1, kNo}, "ProcStructLock: spinlock of the lists of free PGPROCs"),
    plain("PGPROC structures", {kNo, kNo, kNo, 0}, {0, 0, 0, 839}, C::Procs,
          "PGPROC array: an entry for each process that may exist; behind it xids, subxidStates, statusFlags"),
    plain("Fast-Path Lock Array", {kNo, kNo, kNo, 0}, {0, 0, 0, 72}, C::FastPathGroups,
          "weak relation locks that need no entry in the lock tables"),
    fixed("ProcStructLock spinlock", {kNo, kNo, kNo, 1}, "spinlock of the lists of free PGPROCs"),
    plain("Proc Array", {40, 40, 36, 36}, all(4), C::Transactions,
          "which PGPROCs are in use: what a snapshot looks at"),
    with(plain("KnownAssignedXids", all(0), all(4 * 65), C::Transactions,
               "a standby's list of the primary's running transactions"),
         Presence::HotStandby),
    with(plain("KnownAssignedXidsValid", all(0), all(65), C::Transactions, "which entries of that list count"),
         Presence::HotStandby),
    plain("Backend Status Array", all(0), {432, 432, 432, 440}, C::StatusSlots, "pg_stat_activity: a row a process"),
    plain("Backend Application Name Buffer", all(0), all(64), C::StatusSlots, "pg_stat_activity: application_name"),
    plain("Backend Client Host Name Buffer", all(0), all(64), C::StatusSlots, "pg_stat_activity: client_hostname"),
    plain("Backend Activity Buffer", all(0), all(1), C::ActivityBytes,
          "pg_stat_activity: query (track_activity_query_size)"),
    with(plain("Backend SSL Status Buffer", all(0), all(324), C::StatusSlots, "pg_stat_ssl"), Presence::SslBuild),
    with(plain("Backend GSS Status Buffer", all(0), {66, 67, 67, 67}, C::StatusSlots, "pg_stat_gssapi"),
         Presence::GssBuild),
    plain("Prepared Transaction Table", all(16), all(264), C::Prepared,
          "transactions between PREPARE and COMMIT PREPARED"),
    plain("Background Worker Data", all(16), {560, 560, 1488, 1488}, C::WorkerProcesses,
          "slots for background workers (max_worker_processes)"),
    and_more(plain("shmInvalBuffer", {65560, 65560, 65568, 65568}, {32, 32, 0, 0}, C::MaxBackends,
                   "queue of cache invalidation messages, and how far each backend has read"),
             {0, 0, 20, 20}, C::StatusSlots),
    plain("PMSignalState", {40, 40, 40, 48}, all(4), C::LiveChildren, "what children tell the postmaster"),
    plain("ProcSignal", all(8), {80, 88, 88, 128}, C::StatusSlots, "what processes tell each other by SIGUSR1"),
    plain("Checkpointer Data", {64, 64, 56, 56}, {24, 24, 32, 32}, C::Buffers,
          "fsync requests waiting for the checkpointer"),
    plain("AutoVacuum Data", {5176, 5184, 5184, 5192}, {64, 48, 48, 48}, C::AutovacuumWorkers,
          "what autovacuum's workers do"),
    with(plain("ReplicationSlot Ctl", all(0), {264, 264, 280, 288}, C::ReplicationSlots, "replication slots"),
         Presence::IfAny),
    with(plain("ReplicationOriginState", all(8), all(56), C::ReplicationOrigins,
               "how far each replication origin was replayed"),
         Presence::IfAny),
    plain("Wal Sender Ctl", {80, 104, 112, 112}, {96, 104, 104, 96}, C::WalSenders, "WAL senders: what each has sent"),
    fixed("Wal Receiver Ctl", {2264, 2264, 2264, 2248}, "a standby's WAL receiver: connection and positions"),
    fixed("Wal Summarizer Ctl", {kNo, kNo, 48, 48}, "how far WAL is summarized, for incremental backups"),
    fixed("Archiver Data", all(8), "the archiver: its process, and whether to look at all files"),
    plain("Logical Replication Launcher Data", {8, 16, 16, 16}, {112, 120, 128, 128}, C::LogicalWorkers,
          "workers that apply logical replication"),
    fixed("Slot Sync Data", {kNo, kNo, 24, 24}, "the worker that copies failover slots from the primary"),
    plain("OldSnapshotControlData", {68, 68, kNo, kNo}, {4, 4, 0, 0}, C::SnapshotMinutes,
          "transaction ids by minute, for old_snapshot_threshold"),
    plain("BTree Vacuum State", all(12), all(12), C::MaxBackends, "B-tree vacuums under way, each with its cycle id"),
    fixed("Sync Scan Locations List", all(656), "where sequential scans of big tables stand, so that others join in"),
    plain("Async Queue Control", {52, 52, 56, 56}, {20, 20, 32, 32}, C::MaxBackends,
          "LISTEN and NOTIFY: how far each backend has read"),
    slru("Notify", kOnly15And16, C::NotifyPages, "LISTEN and NOTIFY: the messages (pg_notify)"),
    slru("notify", kSince17, C::NotifyPages, "LISTEN and NOTIFY: the messages (pg_notify)"),
    fixed("Shared Memory Stats", {263312, 277880, 279992, 315552}, "cumulative statistics: their first 256 kB"),
    fixed("WaitEventCustomCounterData", {kNo, kNo, 8, 8}, "the next number for an extension's wait event"),
    hash("WaitEventCustom hash by wait event information", {kNo, kNo, 68, 68}, 4, C::WaitEventEntries,
         C::WaitEventInitEntries, 0, "wait events of extensions: number to name"),
    hash("WaitEventCustom hash by name", {kNo, kNo, 68, 68}, 64, C::WaitEventEntries, C::WaitEventInitEntries, 0,
         "wait events of extensions: name to number"),

    // --- asynchronous I/O
    fixed("AioCtl", {kNo, kNo, kNo, 56}, "asynchronous I/O: where the arrays are"),
    plain("AioBackend", {kNo, kNo, kNo, 0}, all(328), C::Semaphores, "asynchronous I/O: each process's own handles"),
    plain("AioHandle", {kNo, kNo, kNo, 0}, all(144), C::AioHandles, "asynchronous I/O: one read or write each"),
    plain("AioHandleIOV", {kNo, kNo, kNo, 0}, all(16), C::AioVectors, "asynchronous I/O: where the bytes go"),
    plain("AioHandleData", {kNo, kNo, kNo, 0}, all(8), C::AioVectors, "asynchronous I/O: which buffers"),
    with(fixed("AioWorkerSubmissionQueue", {kNo, kNo, kNo, 272}, "requests waiting for an I/O worker"),
         Presence::IoWorkers),
    with(fixed("AioWorkerControl", {kNo, kNo, kNo, 520}, "the I/O workers"), Presence::IoWorkers),
    with(StructureRow{"AioUring", "a ring of the kernel's io_uring for each process", Shape::Unknown,
                      PerMajor{kNo, kNo, kNo, 0}},
         Presence::IoUring),
};

}  // namespace

std::span<const StructureRow> structure_table() { return kRows; }

bool is_fixed(const StructureRow& row) {
  return row.shape != Shape::Slru && row.shape != Shape::Hash && row.count == Count::One && row.shape != Shape::Unknown;
}

}  // namespace palloscope::core
