#include "supervisor/runtime/files.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace fluxpg::runtime {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

tl::unexpected<std::string> failed(const std::string& what, const std::string& path) {
  return tl::unexpected<std::string>(path + " cannot be " + what + ": " + std::strerror(errno) + ".");
}

bool write_all(int fd, std::string_view content) {
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = ::write(fd, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

std::string directory_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

bool sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory && ::fsync(directory.get()) == 0;
}

// Only root can give files away; where the user does not exist (a machine without the packages), the file stays ours.
bool give_to(int fd, const std::string& owner) {
  if (owner.empty() || ::geteuid() != 0) return true;
  const passwd* user = ::getpwnam(owner.c_str());
  return user == nullptr || ::fchown(fd, user->pw_uid, user->pw_gid) == 0;
}

}  // namespace

Expected<std::string, std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failed("read", path);
  std::string content;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", path);
    if (n == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(n));
    if (content.size() > max_bytes) return tl::unexpected<std::string>(path + " is larger than " + std::to_string(max_bytes) + " bytes.");
  }
}

Done write_atomically(const std::string& path, std::string_view content, mode_t mode, const std::string& owner) {
  const std::string temporary = path + ".new";
  {
    // One may be there, left by a crash: it is written over, because nothing is ever unlinked where data lies.
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file || ::fchmod(file.get(), 0600) != 0) return failed("written", temporary);
    if (!write_all(file.get(), content) || !give_to(file.get(), owner) || ::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) {
      return failed("written", temporary);
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("replaced", path);
  if (!sync_directory(directory_of(path))) return failed("made durable", path);
  return {};
}

Done write_in_place(const std::string& path, std::string_view content) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!file || !write_all(file.get(), content)) return failed("written", path);
  if (::ftruncate(file.get(), static_cast<off_t>(content.size())) != 0) return failed("cut to its length", path);
  return {};
}

Done make_directories(const std::string& path, mode_t mode) {
  std::error_code error;
  if (!std::filesystem::create_directories(path, error)) {
    if (error) return tl::unexpected<std::string>("The directory " + path + " cannot be made: " + error.message() + ".");
    return {};
  }
  if (::chmod(path.c_str(), mode) != 0) return failed("protected", path);
  return {};
}

Done rename_durably(const std::string& from, const std::string& to) {
  if (std::filesystem::exists(to)) return tl::unexpected<std::string>(from + " cannot be renamed: " + to + " exists already.");
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("renamed to " + to, from);
  if (!sync_directory(directory_of(to))) return failed("made durable", to);
  return {};
}

}  // namespace fluxpg::runtime
