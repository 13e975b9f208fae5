package mysql

import (
	"errors"
	"fmt"
	"strings"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// AuroraS3 is what a version line of Aurora MySQL asks for before it reads from S3 (Aurora User Guide, LoadFromS3).
type AuroraS3 struct {
	Line       string   // "3 (MySQL 8.0)"
	Grant      string   // up to the account
	Parameters []string // of the cluster's parameter group; the first that names a role counts
	Role       bool     // Grant is a role, which each session must have active
}

var _ fmt.Stringer = AuroraS3{}

// AuroraS3Lines are all lines of Aurora MySQL, the oldest first.
func AuroraS3Lines() []AuroraS3 {
	older, newer := []string{"aurora_load_from_s3_role", "aws_default_s3_role"}, []string{"aws_default_s3_role"}
	const privilege, role = "GRANT LOAD FROM S3 ON *.* TO ", "GRANT AWS_LOAD_S3_ACCESS TO "
	return []AuroraS3{
		{Line: "1 (MySQL 5.6)", Grant: privilege, Parameters: older},
		{Line: "2 (MySQL 5.7)", Grant: privilege, Parameters: older},
		{Line: "3 (MySQL 8.0)", Grant: role, Parameters: newer, Role: true},
		{Line: "8.4", Grant: role, Parameters: newer, Role: true},
	}
}

// AuroraS3Of is the line of one version, as aurora_version() tells it.
func AuroraS3Of(version string) AuroraS3 {
	lines := AuroraS3Lines()
	for _, l := range lines {
		if line, _, _ := strings.Cut(l.Line, " "); strings.HasPrefix(version+".", line+".") {
			return l
		}
	}
	return lines[len(lines)-1]
}

// String says on one line what is to be done.
func (a AuroraS3) String() string {
	active := ""
	if a.Role {
		active = " (activate_all_roles_on_login=1 or SET ROLE ALL makes it active; gomove does that itself)"
	}
	return fmt.Sprintf("%s'user'@'host'%s; cluster parameter %s = the ARN of an IAM role that may s3:GetObject, s3:GetObjectVersion and s3:ListBucket, and that is attached to the cluster",
		a.Grant, active, strings.Join(a.Parameters, " or "))
}

// AuroraS3Needs says what a cluster needs before it loads from a place, s3://bucket/prefix, by version line.
func AuroraS3Needs(place string) []string {
	bucket, objects := "BUCKET", "BUCKET/PREFIX"
	if rest, ok := strings.CutPrefix(place, "s3://"); ok {
		bucket, _, _ = strings.Cut(rest, "/")
		objects = rest
	}
	needs := []string{
		fmt.Sprintf("the cluster needs an IAM role, attached to it, that may s3:ListBucket on arn:aws:s3:::%s and s3:GetObject, s3:GetObjectVersion on arn:aws:s3:::%s/*", bucket, objects),
		"its subnets need a way to S3 (a VPC endpoint or a NAT gateway); cluster and bucket are best in one region",
	}
	for _, l := range AuroraS3Lines() {
		active := ""
		if l.Role {
			active = ", made active by SET ROLE ALL, as gomove load does itself, or by activate_all_roles_on_login=1"
		}
		needs = append(needs, fmt.Sprintf("version %s: cluster parameter %s = the role's ARN; %s'user'@'host'%s", l.Line, strings.Join(l.Parameters, " or "), l.Grant, active))
	}
	return needs
}

// RoleMissing names the cluster parameters of which one must name a role, where the server tells that none does; else it is empty.
func (a AuroraS3) RoleMissing(variables map[string]string) string {
	told := false
	for _, p := range a.Parameters {
		v, ok := variables[p]
		if v != "" {
			return ""
		}
		told = told || ok
	}
	if !told {
		return ""
	}
	return strings.Join(a.Parameters, " or ")
}

// IsS3 reports an error of Aurora's own way to S3. Its number was 1871 first, and its text begins alike in all versions.
func IsS3(err error) bool {
	var server *mysqldriver.MySQLError
	if !errors.As(err, &server) {
		return false
	}
	switch server.Number {
	case 1871, 63985, 63986:
		return true
	}
	return strings.HasPrefix(server.Message, "S3 API returned error") || strings.Contains(server.Message, "initialize S3Stream")
}

// IsS3Setup reports an error of S3 that stays until somebody changes roles, policies or the network.
func IsS3Setup(err error) bool {
	var server *mysqldriver.MySQLError
	return IsS3(err) && errors.As(err, &server) && (s3HintOf(server.Message) != s3Hint || strings.Contains(server.Message, "initialize S3Stream"))
}

// s3HintOf says what to do about an error of Aurora's S3 client. Its number has changed between versions, its text has not.
func s3HintOf(message string) string {
	const attach = "aws rds add-role-to-db-cluster --db-cluster-identifier CLUSTER --role-arn ARN --feature-name s3Import"
	switch {
	case strings.Contains(message, "not specified"):
		return "name an IAM role that may read the bucket in the cluster parameter aws_default_s3_role (Aurora 1 and 2 also take aurora_load_from_s3_role), and attach it to the cluster: " + attach
	case strings.Contains(message, "Missing Credentials"):
		return "the role that the cluster parameter names is not attached to the cluster: " + attach
	case strings.Contains(message, "Network Connection"):
		return "the cluster does not reach S3: give its subnets a VPC endpoint for S3, or a NAT gateway, and let the security group out"
	case strings.Contains(message, "Access Denied"), strings.Contains(message, "AccessDenied"):
		return "the cluster's IAM role may not read the object: its policy needs s3:GetObject, s3:GetObjectVersion and s3:ListBucket on the bucket and on bucket/*, and kms:Decrypt for a key of your own"
	}
	return s3Hint
}
