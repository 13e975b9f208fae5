package main

import (
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormalizeArgs(t *testing.T) {
	cases := []struct{ in, want string }{
		{"gomove dump -uroot -P3307 -hdb.example -pS3CRET -S/tmp/s", "gomove dump -u=root -P=3307 -h=db.example --password=S3CRET -S=/tmp/s"},
		{"gomove dump -u root -P 3307 -p -o out", "gomove dump -u=root -P=3307 --ask-password -o=out"},
		{"gomove dump --password --user=x", "gomove dump --ask-password --user=x"},
		{"gomove dump --password=S3CRET --password=", "gomove dump --password=S3CRET --password="},
		{"gomove dump -p-o -o -", "gomove dump --password=-o -o=-"},
		{"gomove dump -u -pfoo", "gomove dump -u=-pfoo"},
		{"gomove dump -t8 -Bshop -Tshop.a -o/x", "gomove dump -t=8 -B=shop -T=shop.a -o=/x"},
		{"gomove dump -u=root -help --help", "gomove dump -u=root -help --help"},
		{"gomove load -d", "gomove load -d"},
		{"gomove dump -- -psecret -uroot", "gomove dump -- -psecret -uroot"},
		{"-uroot", "-uroot"},
		{"gomove dump -p=x", "gomove dump --password==x"},
		{"gomove - -", "gomove - -"},
	}
	for _, c := range cases {
		if d := cmp.Diff(strings.Fields(c.want), normalizeArgs(strings.Fields(c.in))); d != "" {
			t.Errorf("%s: %s", c.in, d)
		}
	}
	if got := normalizeArgs(nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestSecretParts(t *testing.T) {
	in := []string{"gomove", "copy", "-pone", "--password=two", "--source=mysql://u:th:r@ee@h/", "--target", "mysql://u:four@h:3306/?a=b:c", "mysql://u@h:3306/", "-P3306", "--progress=bar", "-p"}
	got := strings.Join(secretParts(in), " ")
	if want := "one two th:r@ee four "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHideSecrets works on bytes that may be written, as the arguments of a process are.
func TestHideSecrets(t *testing.T) {
	args := []string{strings.Clone("gomove"), strings.Clone("-pS3CRET"), strings.Clone("mysql://u:S3CRET@h/")}
	kept := normalizeArgs(args)
	hideSecrets(args)
	if got := strings.Join(args, " "); runtime.GOOS == "linux" && got != "gomove -pxxxxxx mysql://u:xxxxxx@h/" {
		t.Errorf("still there: %s", got)
	}
	if got := strings.Join(kept, " "); got != "gomove --password=S3CRET mysql://u:S3CRET@h/" {
		t.Errorf("the copies lost their secrets: %s", got)
	}
}
