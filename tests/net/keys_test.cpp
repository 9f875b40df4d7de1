#include "gossip/net/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace fluxpg::net {
namespace {

using testing::HasSubstr;

TEST(Keys, EveryNodeDerivesTheSameFromTheSameSecretAndAppForEver) {
  const auto master = derive_master_key("correct horse battery", "orders-db");
  ASSERT_TRUE(master.has_value());
  EXPECT_EQ(hex(master->bytes.data(), master->bytes.size()), "71556a0af7033417dc018a083bfb788825449c83a31eb116672858b24161a0dd");
  const CurveKeys keys = curve_keys(*master);
  EXPECT_EQ(keys.server_public, R"(Caty9d+8d}m-CykNHJEgE-9by&n1j7O6MWi4rCAu)");
  EXPECT_EQ(keys.client_public, R"(Oq5gSmgu%t{d=lQ1nd/Fjr:gEPX1I{1cC.{erM&h)");
  const auto seed = ca_seed(*master);
  EXPECT_EQ(hex(seed.data(), 8), "7afdac6bcf7beb87");
  EXPECT_EQ(patroni_rest_password(*master), "d90b75bb7799175933a19c3a5b8da867fea24bc80f38f512");
}

TEST(Keys, AnotherSecretOrAnotherAppGivesOtherKeys) {
  const auto a = derive_master_key("secret one", "app");
  const auto b = derive_master_key("secret two", "app");
  const auto c = derive_master_key("secret one", "other-app");
  ASSERT_TRUE(a.has_value() && b.has_value() && c.has_value());
  EXPECT_NE(a->bytes, b->bytes);
  EXPECT_NE(a->bytes, c->bytes);
}

TEST(Keys, NoUseOfTheSecretSharesAKeyWithAnother) {
  const MasterKey master{};
  const CurveKeys keys = curve_keys(master);
  EXPECT_NE(keys.server_secret, keys.client_secret);
  EXPECT_NE(keys.server_public, keys.client_public);
  EXPECT_EQ(keys.server_public.size(), 40U);
  EXPECT_EQ(keys.client_secret.size(), 40U);
  const auto seed = ca_seed(master);
  EXPECT_NE(hex(seed.data(), 24), patroni_rest_password(master));
}

class Identity : public testing::Test {
 protected:
  Identity() {
    char name[] = "/tmp/fluxpg-identity-XXXXXX";
    directory_ = ::mkdtemp(name);
    path_ = directory_ + "/identity";
  }
  ~Identity() override {
    ::unlink(path_.c_str());
    ::unlink((path_ + ".new").c_str());
    ::rmdir(directory_.c_str());
  }
  std::string content() const {
    std::ifstream file(path_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void write(const std::string& text) const { std::ofstream(path_) << text; }
  std::string directory_, path_;
};

TEST_F(Identity, IsCreatedOnceAndThenStaysTheSame) {
  const auto first = load_or_create_identity(path_);
  ASSERT_TRUE(first.has_value()) << first.error();
  const auto second = load_or_create_identity(path_);
  ASSERT_TRUE(second.has_value()) << second.error();
  EXPECT_TRUE(static_cast<bool>((*first)->id()));
  EXPECT_EQ((*first)->id(), (*second)->id());
}

TEST_F(Identity, IsReadableByItsOwnerOnly) {
  ASSERT_TRUE(load_or_create_identity(path_).has_value());
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(info.st_nlink, 1U);
  EXPECT_EQ(info.st_size, 65);
}

TEST_F(Identity, TheSameSeedIsTheSameNode) {
  write(std::string(64, '0') + "\n");
  const auto identity = load_or_create_identity(path_);
  ASSERT_TRUE(identity.has_value());
  // RFC 8032's public key of the all-zero seed, as every Ed25519 implementation computes it.
  EXPECT_EQ(to_text((*identity)->id()), "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29");
}

TEST_F(Identity, ADamagedFileIsAnErrorThatNamesItAndIsNeverReplaced) {
  for (const std::string& damaged : {std::string(), std::string(64, '0'), std::string(63, '0') + "\n", std::string(64, 'g') + "\n",
                                     std::string(64, '0') + "\n\n", std::string(64, '0') + " ", std::string(200, 'a')}) {
    write(damaged);
    const auto identity = load_or_create_identity(path_);
    ASSERT_FALSE(identity.has_value()) << damaged;
    EXPECT_THAT(identity.error(), HasSubstr(path_ + " is damaged: 64 hex digits and a newline are allowed"));
    EXPECT_THAT(identity.error(), testing::Not(HasSubstr("000000000000")));
    EXPECT_EQ(content(), damaged);
  }
}

TEST_F(Identity, ACrashWhileItWasCreatedDoesNoHarm) {
  std::ofstream(path_ + ".new") << "half a k";
  const auto identity = load_or_create_identity(path_);
  ASSERT_TRUE(identity.has_value()) << identity.error();
  EXPECT_NE(::access((path_ + ".new").c_str(), F_OK), 0);
  EXPECT_EQ(content().size(), 65U);
}

TEST_F(Identity, AMissingDirectoryIsNamed) {
  const auto identity = load_or_create_identity(directory_ + "/no/such/identity");
  ASSERT_FALSE(identity.has_value());
  EXPECT_THAT(identity.error(), HasSubstr(directory_ + "/no/such/identity cannot be created: No such file or directory"));
}

TEST_F(Identity, OnlyTheSignersKeyVerifiesExactlyTheSignedBytes) {
  const auto a = load_or_create_identity(path_);
  ASSERT_TRUE(a.has_value());
  write(std::string(64, '1') + "\n");
  const auto b = load_or_create_identity(path_);
  ASSERT_TRUE(b.has_value());
  Signature signature = (*a)->sign("a vote");
  EXPECT_TRUE((*b)->verify((*a)->id(), "a vote", signature));
  EXPECT_FALSE((*b)->verify((*b)->id(), "a vote", signature));
  EXPECT_FALSE((*b)->verify((*a)->id(), "another vote", signature));
  EXPECT_FALSE((*b)->verify((*a)->id(), "a vot", signature));
  signature.bytes[10] ^= 1;
  EXPECT_FALSE((*b)->verify((*a)->id(), "a vote", signature));
  EXPECT_FALSE((*b)->verify(NodeId{}, "a vote", signature));
}

}  // namespace
}  // namespace fluxpg::net
