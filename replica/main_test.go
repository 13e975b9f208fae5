package replica

import (
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }
