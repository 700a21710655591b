// The one translation unit that compiles Asio's implementation; all other sources see declarations
// only (BOOST_ASIO_SEPARATE_COMPILATION is set for every target).
#include <boost/asio/impl/src.hpp>
