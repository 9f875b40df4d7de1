// The identity file: 32 bytes of Ed25519 seed in hex and a newline. It appears under its name complete (written beside it, synced, then
// renamed, never over an existing name), so a crash while it is created never leaves half a key.
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/ids.hpp"
#include "gossip/net/keys.hpp"

namespace fluxpg::net {
namespace {

constexpr std::size_t kSeedSize = crypto_sign_SEEDBYTES;
constexpr std::size_t kFileSize = 2 * kSeedSize + 1;
using Seed = std::array<std::uint8_t, kSeedSize>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

class Ed25519 final : public Signing {
 public:
  explicit Ed25519(const Seed& seed) { crypto_sign_seed_keypair(id_.bytes.data(), secret_.data(), seed.data()); }
  ~Ed25519() override { sodium_memzero(secret_.data(), secret_.size()); }
  Ed25519(const Ed25519&) = delete;
  Ed25519& operator=(const Ed25519&) = delete;

  NodeId id() const override { return id_; }

  Signature sign(std::string_view bytes) const override {
    Signature signature;
    crypto_sign_detached(signature.bytes.data(), nullptr, bytes_of(bytes), bytes.size(), secret_.data());
    return signature;
  }

  bool verify(const NodeId& signer, std::string_view bytes, const Signature& signature) const override {
    return crypto_sign_verify_detached(signature.bytes.data(), bytes_of(bytes), bytes.size(), signer.bytes.data()) == 0;
  }

 private:
  NodeId id_;
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret_{};
};

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string failure(const std::string& path, const char* what) {
  return "identity file " + path + " cannot be " + what + ": " + std::strerror(errno);
}

Expected<Seed, std::string> parse(std::string_view text, const std::string& path) {
  Seed seed{};
  if (text.size() != kFileSize || text.back() != '\n' || !unhex(text.substr(0, kFileSize - 1), seed.data(), seed.size())) {
    return unexpected("identity file " + path +
                      " is damaged: 64 hex digits and a newline are allowed; put its backup back, or remove it to become a new node");
  }
  return seed;
}

Expected<Seed, std::string> read_seed(const std::string& path, int fd) {
  char buffer[kFileSize + 1];  // one more, to notice a longer file
  std::size_t size = 0;
  while (size < sizeof buffer) {
    const ssize_t got = ::read(fd, buffer + size, sizeof buffer - size);
    if (got < 0) return unexpected(failure(path, "read"));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  auto seed = parse(std::string_view(buffer, size), path);
  sodium_memzero(buffer, sizeof buffer);
  return seed;
}

bool sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const File directory(slash == std::string::npos ? "." : path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY);
  return directory.fd() >= 0 && ::fsync(directory.fd()) == 0;
}

Expected<Seed, std::string> create_seed(const std::string& path) {
  Seed seed{};
  randombytes_buf(seed.data(), seed.size());
  const std::string draft = path + ".new";
  {
    const File file(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);  // one may be there, of a creation that a crash interrupted
    if (file.fd() < 0) return unexpected(failure(path, "created"));
    const std::string text = hex(seed.data(), seed.size()) + "\n";
    if (::write(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) || ::fsync(file.fd()) != 0) {
      return unexpected(failure(path, "written"));
    }
  }
  // Never over an identity that somebody else has made meanwhile. Nothing is unlinked where data lies, not even a draft of our own.
  if (::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) return unexpected(failure(path, "created"));
  if (!sync_directory_of(path)) return unexpected(failure(path, "made durable"));
  return seed;
}

}  // namespace

Expected<std::unique_ptr<Signing>, std::string> load_or_create_identity(const std::string& path) {
  if (sodium_init() < 0) return unexpected(std::string("libsodium cannot start: the system gives it no random numbers"));
  const File file(path, O_RDONLY);
  if (file.fd() < 0 && errno != ENOENT) return unexpected(failure(path, "opened"));
  auto seed = file.fd() >= 0 ? read_seed(path, file.fd()) : create_seed(path);
  if (!seed) return unexpected(seed.error());
  std::unique_ptr<Signing> identity = std::make_unique<Ed25519>(*seed);
  sodium_memzero(seed->data(), seed->size());
  return identity;
}

}  // namespace fluxpg::net
