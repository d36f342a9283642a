#include "trace/live/snapshot_codec.h"

#include <type_traits>

namespace palloscope::trace {
namespace {

// The description's fields, in the file's order. A new one goes to the end: older readers pass over it.
template <class C, class Io>
void each_field(C& capture, Io& io) {
  auto& [build, roots, facts, maps, measure, memory, image_bytes] = capture;
  (void)maps, (void)memory, (void)image_bytes;
  io(build.major, build.checking, build.version, build.executable, build.build_id, build.data_directory);
  io(facts.pid, facts.title, facts.time, facts.stopped, facts.torn, facts.payload, facts.tries, facts.pause_ns,
     facts.total_ns, facts.copied_bytes, facts.interrupt_holdoff, facts.crit_section);
  io(roots.top_memory_context, roots.current_memory_context, roots.context_freelists, roots.n_buffers,
     roots.buffer_descriptors, roots.buffer_blocks, roots.debug_query_string, roots.interrupt_holdoff_count,
     roots.crit_section_count, roots.my_proc_pid);
  io(measure.pause_ns, measure.copied_bytes, measure.rss_anon, measure.rss_file, measure.rss_shmem, measure.malloc_used,
     measure.malloc_free, measure.malloc_overhead, measure.tries, measure.stopped, measure.torn);
}

template <class M, class Io>
void each_field_of(M& map, Io& io) {
  io(map.file_offset, map.device, map.inode, map.read, map.write, map.exec, map.shared, map.name);
}

class FieldWriter {
 public:
  template <class... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }
  void put(const std::string& text) {
    out.put(text.size());
    out.put_bytes(text.data(), text.size());
  }
  void put(const core::Address& address) { out.put(address.value); }
  template <class Number>
  void put(const Number& number) {
    out.put(static_cast<std::uint64_t>(number));
  }
  Bytes finish() const { return {out.written().begin(), out.written().end()}; }

  NumberWriter out;
};

class FieldReader {
 public:
  explicit FieldReader(ByteSpan raw) : in(raw) {}

  template <class... Fields>
  void operator()(Fields&... fields) {
    (get(fields), ...);
  }
  void get(std::string& text) {
    const ByteSpan bytes = in.get_bytes(in.get());
    text.assign(bytes.begin(), bytes.end());
  }
  void get(core::Address& address) { address.value = in.get(); }
  template <class Number>
  void get(Number& number) {
    const std::uint64_t value = in.get();
    number = static_cast<Number>(value);
    if (static_cast<std::uint64_t>(number) != value) good_ = false;
  }
  bool good() const { return good_ && !in.failed(); }

  NumberReader in;

 private:
  bool good_ = true;
};

}  // namespace

Bytes encode_snapshot_description(const Capture& capture) {
  FieldWriter out;
  each_field(capture, out);
  return out.finish();
}

bool decode_snapshot_description(ByteSpan raw, Capture& capture) {
  FieldReader in(raw);
  each_field(capture, in);
  return in.good();
}

// Number of them; each: begin behind the end of the one before, length, its fields.
Bytes encode_mappings(const std::vector<Mapping>& maps) {
  FieldWriter out;
  out.put(maps.size());
  core::Address before;
  for (const Mapping& map : maps) {
    out(map.begin - before, map.end - map.begin);
    each_field_of(map, out);
    before = map.end;
  }
  return out.finish();
}

bool decode_mappings(ByteSpan raw, std::vector<Mapping>& maps) {
  FieldReader in(raw);
  const std::uint64_t count = in.in.get();
  std::uint64_t end = 0;
  for (std::uint64_t i = 0; i < count && in.good(); ++i) {
    Mapping map;
    const std::uint64_t gap = in.in.get(), bytes = in.in.get();
    if (gap > ~std::uint64_t{0} - end || bytes > ~std::uint64_t{0} - end - gap) return false;
    map.begin = {end + gap};
    end = end + gap + bytes;
    map.end = {end};
    each_field_of(map, in);
    maps.push_back(std::move(map));
  }
  return in.good();
}

}  // namespace palloscope::trace
