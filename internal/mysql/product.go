package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// Product is who runs a server: it decides what even the most powerful account may not do there. Flavor says what runs.
type Product string

// The products that gomove tells apart.
const (
	SelfManaged Product = "self-managed"
	Aurora      Product = "aurora"
	RDS         Product = "rds"
	CloudSQL    Product = "cloudsql"
	Azure       Product = "azure"
)

// Profiles are the values of --profile. mysql and mariadb are servers that their owner runs.
func Profiles() []string { return []string{"aurora", "rds", "cloudsql", "azure", "mysql", "mariadb"} }

// productOf is the product that a profile stands for.
func productOf(profile string) (Product, error) {
	switch profile {
	case "mysql", "mariadb":
		return SelfManaged, nil
	}
	if slices.Contains(Profiles(), profile) {
		return Product(profile), nil
	}
	return "", fmt.Errorf("profile %q: use one of %s", profile, strings.Join(Profiles(), ", "))
}

// Managed reports a server of which nobody but the provider is the administrator.
func (p Product) Managed() bool { return p != SelfManaged && p != "" }

// AWS reports the two products of Amazon, whose procedures and reserved names are nearly the same.
func (p Product) AWS() bool { return p == Aurora || p == RDS }

// settleProduct finds out who runs a server: by what it says of itself, then by the procedures that it has in place of privileges.
func (f *Facts) settleProduct(profile string) error {
	if profile != "" {
		p, err := productOf(profile)
		if err != nil {
			return err
		}
		f.Product = p
		return nil
	}
	f.Product = SelfManaged
	switch {
	case f.AuroraVersion() != "":
		f.Product = Aurora
	case strings.HasPrefix(f.Variables["basedir"], "/rdsdbbin/"), f.hasProcedure("rds_"):
		f.Product = RDS
	case strings.Contains(f.VersionComment, "(Google)"), strings.Contains(f.Version, "-google"), f.hasVariable("cloudsql_"):
		f.Product = CloudSQL
	case f.hasVariable("azure_"), f.hasVariable("aad_auth_"), f.hasProcedure("az_"):
		f.Product = Azure
	}
	return nil
}

func (f *Facts) hasVariable(prefix string) bool {
	for name := range f.Variables {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (f *Facts) hasProcedure(prefix string) bool {
	for name := range f.Procedures {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// readProcedures finds what providers have put into the schema mysql in place of privileges: mysql.rds_kill and the like.
// An account that does not see them may not call them.
func readProcedures(ctx context.Context, db *sql.DB) (map[string]bool, error) {
	names, err := NameSet(ctx, db, "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA='mysql' AND (ROUTINE_NAME LIKE 'rds\\_%' OR ROUTINE_NAME LIKE 'az\\_%')")
	if err != nil {
		return nil, fmt.Errorf("read the procedures in mysql: %w", err)
	}
	return names, nil
}

// Describe is the server for people: "aurora 3.08.0 (mysql 8.0.39)", "rds (mariadb 10.11.9)", "mysql 9.7.4".
func (f *Facts) Describe() string {
	is := string(f.Flavor) + " " + f.Version
	if !f.Product.Managed() {
		return is
	}
	name := string(f.Product)
	if v := f.AuroraVersion(); v != "" && f.Product == Aurora {
		name += " " + v
	}
	return name + " (" + is + ")"
}

// SetVariable says how a global variable is set on this server, by whoever may.
func (f *Facts) SetVariable(name, value string) string {
	switch f.Product {
	case Aurora:
		return name + "=" + value + " in the cluster's parameter group"
	case RDS:
		return name + "=" + value + " in the instance's parameter group"
	case CloudSQL:
		return name + "=" + value + " among the instance's database flags"
	case Azure:
		return name + "=" + value + " among the server parameters in the Azure portal"
	case SelfManaged:
	}
	return "SET GLOBAL " + name + "=" + value
}

// ReservedSchemas are those of the provider. Every server's own are not among them.
func (f *Facts) ReservedSchemas() []string {
	switch {
	case f.Product.AWS():
		return []string{"innodb", "tmp"} // RDS shows them, and refuses the names to users
	case f.Product == Azure:
		return []string{"azure_sys", "__azure_sys__"}
	}
	return nil
}

// ReservedUser reports an account that belongs to the server or to a provider, whatever runs this one: a dump of one product may go
// to another.
func ReservedUser(user string) bool {
	user = strings.ToLower(user)
	switch user {
	case "mysql.sys", "mysql.session", "mysql.infoschema", "mysqlxsys", "mariadb.sys", "public",
		"rdsadmin", "rdsrepladmin", "rdsproxyadmin", "rdstopmgr", "rds_superuser_role",
		"aws_lambda_access", "aws_load_s3_access", "aws_select_s3_access", "aws_comprehend_access", "aws_sagemaker_access", "aws_bedrock_access",
		"cloudiamgroup":
		return true
	}
	return strings.HasPrefix(user, "cloudsql") || strings.HasPrefix(user, "azure_")
}
